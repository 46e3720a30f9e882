// A policy in plain JavaScript, named by its path as a host file names it. Read least-used.mjs beside this.
import { hostFrom } from '@fairlead/core';

// The same shape as a YAML host file: bundled plugins by name, your own by the name of its package or by path.
const host = await hostFrom(
  {
    nics: [
      { name: 'left', driver: { use: 'memory', options: { speedBps: '1Gbps' } } },
      { name: 'right', driver: { use: 'memory', options: { speedBps: '1Gbps' } } },
    ],
    vms: [
      {
        name: 'long',
        mac: '52:54:00:00:00:01',
        device: { use: 'memory', options: { traffic: { rateBps: '300Mbps', frameBytes: '1514B' } } },
      },
      {
        name: 'short',
        mac: '52:54:00:00:00:02',
        device: { use: 'memory', options: { traffic: { rateBps: '30Mbps', frameBytes: '90B' } } },
      },
    ],
    distribution: { use: '../least-used.mjs' },
    runtime: { kind: 'inline' },
  },
  // Where paths and packages are looked for: from this file (as built, in examples/dist).
  [import.meta.url],
);

await host.start();
host.run(100_000);
for (const { name, txFrames, txBytes } of host.nics.list())
  console.log(`${name}: ${txFrames} frames, ${txBytes} bytes`);
host.assertConserved();
await host.close();
