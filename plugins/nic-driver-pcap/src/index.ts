import { definePlugin } from '@fairlead/sdk';
import { PcapNic, pcapNicOptions } from './pcap-nic.ts';

export * from './pcap-nic.ts';

export default definePlugin({
  kind: 'nic-driver',
  name: 'pcap',
  apiVersion: 1,
  options: pcapNicOptions,
  implementation: PcapNic,
  module: import.meta.url,
});
