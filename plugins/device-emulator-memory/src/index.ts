import { definePlugin } from '@fairlead/sdk';
import { MemoryGuest, memoryGuestOptions } from './memory-guest.ts';

export * from './memory-guest.ts';
export { type TrafficOptions, trafficOptions } from './traffic-options.ts';

/**
 * The plugin: `device: { use: memory }`.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import memoryDevice from '@fairlead/device-emulator-memory';
 *
 * const guest = use(memoryDevice, { traffic: { rateBps: '100Mbps', pattern: 'poisson' } });
 * const builder = createHost().vm('web', '52:54:00:00:00:01', guest);
 * ```
 */
export default definePlugin({
  kind: 'device-emulator',
  name: 'memory',
  apiVersion: 1,
  options: memoryGuestOptions,
  implementation: MemoryGuest,
  module: import.meta.url,
});
