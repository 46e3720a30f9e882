import { definePlugin } from '@fairlead/sdk';
import { simulatedHypervisorOptions } from './options.ts';
import { SimulatedHypervisor } from './simulated-hypervisor.ts';

export { type Arrival, registerDestination } from './destinations.ts';
export type { HypervisorHook } from './injections.ts';
export { SimulatedHypervisor, simulatedHypervisorOptions };

/**
 * The plugin: `hypervisor: { use: simulated }`.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import simulated from '@fairlead/hypervisor-simulated';
 *
 * const builder = createHost().hypervisor(use(simulated, { memoryBytes: '1GiB', downtimeMs: '20ms' }));
 * ```
 */
export default definePlugin({
  kind: 'hypervisor',
  name: 'simulated',
  apiVersion: 1,
  options: simulatedHypervisorOptions,
  implementation: SimulatedHypervisor,
  module: import.meta.url,
});
