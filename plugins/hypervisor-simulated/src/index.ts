import { definePlugin } from '@fairlead/sdk';
import { SimulatedHypervisor, simulatedHypervisorOptions } from './simulated-hypervisor.ts';

export { type Arrival, registerDestination } from './destinations.ts';
export * from './simulated-hypervisor.ts';

export default definePlugin({
  kind: 'hypervisor',
  name: 'simulated',
  apiVersion: 1,
  options: simulatedHypervisorOptions,
  implementation: SimulatedHypervisor,
  module: import.meta.url,
});
