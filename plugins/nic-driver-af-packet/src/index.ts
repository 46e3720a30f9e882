import { definePlugin } from '@fairlead/sdk';
import { afPacketOptions } from './options.ts';
import { AfPacket } from './packet-driver.ts';

export { AfPacket, afPacketOptions };

/**
 * The plugin: `driver: { use: af-packet }`.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import afPacket from '@fairlead/nic-driver-af-packet';
 *
 * const builder = createHost().nic('uplink0', use(afPacket, { interface: 'eth1' }));
 * ```
 */
export default definePlugin({
  kind: 'nic-driver',
  name: 'af-packet',
  apiVersion: 1,
  options: afPacketOptions,
  implementation: AfPacket,
  module: import.meta.url,
});
