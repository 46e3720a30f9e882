import { definePlugin } from '@fairlead/sdk';
import { MemoryNic, memoryNicOptions } from './memory-nic.ts';

export * from './memory-nic.ts';
export { Segment, type SegmentMember } from './segment.ts';

export default definePlugin({
  kind: 'nic-driver',
  name: 'memory',
  apiVersion: 1,
  options: memoryNicOptions,
  implementation: MemoryNic,
  module: import.meta.url,
});
