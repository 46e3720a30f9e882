import { definePlugin } from '@fairlead/sdk';
import { MemoryGuest, memoryGuestOptions } from './memory-guest.ts';

export * from './memory-guest.ts';
export { type TrafficOptions, trafficOptions } from './traffic-options.ts';

export default definePlugin({
  kind: 'device-emulator',
  name: 'memory',
  apiVersion: 1,
  options: memoryGuestOptions,
  implementation: MemoryGuest,
  module: import.meta.url,
});
