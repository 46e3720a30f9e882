import { definePlugin } from '@fairlead/sdk';
import { MemoryNic, memoryNicOptions } from './memory-nic.ts';

export * from './memory-nic.ts';
export { Segment, type SegmentMember } from './segment.ts';

/**
 * The plugin: `driver: { use: memory }`.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import memoryNic from '@fairlead/nic-driver-memory';
 *
 * const builder = createHost().nic('uplink0', use(memoryNic, { speedBps: '10Gbps' }));
 * ```
 */
export default definePlugin({
  kind: 'nic-driver',
  name: 'memory',
  apiVersion: 1,
  options: memoryNicOptions,
  implementation: MemoryNic,
  module: import.meta.url,
});
