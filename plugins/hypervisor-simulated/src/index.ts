import { definePlugin } from '@fairlead/sdk';
import { SimulatedHypervisor, simulatedHypervisorOptions } from './simulated-hypervisor.ts';

export { type Arrival, registerDestination } from './destinations.ts';
export * from './simulated-hypervisor.ts';

/**
 * The plugin: `hypervisor: { use: simulated }`.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import simulated from '@fairlead/hypervisor-simulated';
 *
 * const builder = createHost().hypervisor(use(simulated, { latencyMs: '20ms' }));
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
