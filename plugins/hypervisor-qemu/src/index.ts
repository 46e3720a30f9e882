import { definePlugin } from '@fairlead/sdk';
import { qemuOptions } from './options.ts';
import { QemuHypervisor } from './qemu-hypervisor.ts';

export { QemuHypervisor, qemuOptions };

/**
 * The plugin: `hypervisor: { use: qemu }`.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import qemu from '@fairlead/hypervisor-qemu';
 *
 * const builder = createHost().hypervisor(use(qemu, { socket: '/run/vms/{vm}.qmp' }));
 * ```
 */
export default definePlugin({
  kind: 'hypervisor',
  name: 'qemu',
  apiVersion: 1,
  options: qemuOptions,
  implementation: QemuHypervisor,
  module: import.meta.url,
});
