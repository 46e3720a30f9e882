// A policy of your own. Load distribution answers one question: over which NIC does this frame go?
//
// This one keeps the first available NIC as an express lane for short frames (acknowledgements, DNS, VoIP), so that
// they never wait behind full ones. docs/writing-a-plugin.md goes on: options, tests, a package.
import { createHost, use } from '@fairlead/core';
import memoryDevice from '@fairlead/device-emulator-memory';
import memoryNic from '@fairlead/nic-driver-memory';
import {
  definePlugin,
  inject,
  type LoadDistribution,
  Nics,
  type NicTable,
  type TransmitBatch,
  Type,
} from '@fairlead/sdk';

const SHORT_BYTES = 128;

class ExpressLane implements LoadDistribution {
  // The constructor says by token what it wants of the host: `Nics` is the live table of the NICs.
  constructor(@inject(Nics) private readonly nics: NicTable) {}

  // Called once for each batch, up to 256 frames of one VM. At least one NIC is available then.
  select(batch: TransmitBatch): undefined {
    const { available, availableCount } = this.nics;
    const others = availableCount - 1;
    for (let i = 0; i < batch.count; i++) {
      const express = others === 0 || batch.bytes[i] <= SHORT_BYTES;
      batch.nic[i] = available[express ? 0 : 1 + (batch.vm % others)];
    }
  }
}

const expressLane = definePlugin({
  kind: 'load-distribution',
  name: 'express-lane',
  apiVersion: 1,
  options: Type.Object({}),
  implementation: ExpressLane,
});

const host = await createHost()
  .nic('express', use(memoryNic, { speedBps: '100Mbps' }))
  .nic('bulk0', use(memoryNic, { speedBps: '1Gbps' }))
  .nic('bulk1', use(memoryNic, { speedBps: '1Gbps' }))
  .vm('backup', '52:54:00:00:00:01', use(memoryDevice, { traffic: { rateBps: '600Mbps' } }))
  .vm('mirror', '52:54:00:00:00:02', use(memoryDevice, { traffic: { rateBps: '500Mbps' } }))
  .vm('voice', '52:54:00:00:00:03', use(memoryDevice, { traffic: { rateBps: '5Mbps', frameBytes: '100B' } }))
  .distribute(use(expressLane))
  .inline()
  .start();

host.run(100_000);
for (const { name, txFrames, txBytes } of host.nics.list()) {
  console.log(`${name.padEnd(8)}${String(txFrames).padStart(6)} frames of ${Math.round(txBytes / txFrames)} bytes`);
}
host.assertConserved();
await host.close();
