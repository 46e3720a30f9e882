import { definePlugin } from '@fairlead/sdk';
import { qemuStreamOptions } from './options.ts';
import { QemuStream } from './qemu-stream.ts';

export { FrameReader, LARGEST_CLAIM_BYTES } from './frame-reader.ts';
export { FrameWriter } from './frame-writer.ts';
export { QemuStream, qemuStreamOptions };

export default definePlugin({
  kind: 'device-emulator',
  name: 'qemu-stream',
  apiVersion: 1,
  options: qemuStreamOptions,
  implementation: QemuStream,
  module: import.meta.url,
});
