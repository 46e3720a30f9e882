import { definePlugin } from '@fairlead/sdk';
import { qemuStreamOptions } from './options.ts';
import { QemuStream } from './qemu-stream.ts';

export { QemuStream, qemuStreamOptions };

/**
 * The plugin: `device: { use: qemu-stream }`.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import qemuStream from '@fairlead/device-emulator-qemu-stream';
 *
 * const guest = use(qemuStream, { path: '/run/fairlead/web.sock' });
 * const builder = createHost().vm('web', '52:54:00:00:00:01', guest);
 * ```
 */
export default definePlugin({
  kind: 'device-emulator',
  name: 'qemu-stream',
  apiVersion: 1,
  options: qemuStreamOptions,
  implementation: QemuStream,
  module: import.meta.url,
});
