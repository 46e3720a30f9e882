import { definePlugin } from '@fairlead/sdk';
import { afPacketOptions } from './options.ts';
import { AfPacket } from './packet-driver.ts';

export { AfPacket, afPacketOptions };

export default definePlugin({
  kind: 'nic-driver',
  name: 'af-packet',
  apiVersion: 1,
  options: afPacketOptions,
  implementation: AfPacket,
  module: import.meta.url,
});
