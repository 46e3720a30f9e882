import { definePlugin } from '@fairlead/sdk';
import { PcapNic, pcapNicOptions } from './pcap-nic.ts';

export * from './pcap-nic.ts';

/**
 * The plugin: `driver: { use: pcap }`.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import pcap from '@fairlead/nic-driver-pcap';
 *
 * const builder = createHost().nic('uplink0', use(pcap, { read: 'monday.pcapng', write: 'sent.pcap' }));
 * ```
 */
export default definePlugin({
  kind: 'nic-driver',
  name: 'pcap',
  apiVersion: 1,
  options: pcapNicOptions,
  implementation: PcapNic,
  module: import.meta.url,
});
