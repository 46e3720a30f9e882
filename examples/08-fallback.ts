// A policy that fails is named and put aside; its fallback decides the same batch anew. No frame is lost with it.
import { createHost, use } from '@fairlead/core';
import memoryDevice from '@fairlead/device-emulator-memory';
import roundRobin from '@fairlead/load-distribution-round-robin';
import memoryNic from '@fairlead/nic-driver-memory';
import { definePlugin, type LoadDistribution, type TransmitBatch, Type } from '@fairlead/sdk';

/** Works for 99 batches. */
class Fragile implements LoadDistribution {
  #batches = 0;

  select(batch: TransmitBatch): undefined {
    this.#batches++;
    if (this.#batches === 100) throw new Error('my 100th batch');
    batch.nic.fill(0, 0, batch.count);
  }
}

/** Works not at all: the host has two NICs, and this is neither. */
class Astray implements LoadDistribution {
  select(batch: TransmitBatch): undefined {
    batch.nic.fill(7, 0, batch.count);
  }
}

const options = Type.Object({});
const about = { kind: 'load-distribution', apiVersion: 1, options } as const;
const fragile = definePlugin({ ...about, name: 'fragile', implementation: Fragile });
const astray = definePlugin({ ...about, name: 'astray', implementation: Astray });

for (const [policy, fallback] of [
  [use(fragile), use(roundRobin)],
  [use(astray), undefined],
] as const) {
  const host = await createHost()
    .nic('left', use(memoryNic))
    .nic('right', use(memoryNic))
    .vm('web', '52:54:00:00:00:01', use(memoryDevice, { traffic: { rateBps: '100Mbps' } }))
    .distribute(policy, { fallback })
    .inline()
    .start();

  host.on('fault', ({ plugin, hook, vm, fallback, message }) =>
    console.log(`${plugin}.${hook} failed at a batch of VM ${vm}; ${fallback} serves from now on\n  ${message}`),
  );
  host.run(100_000);

  const { acceptedFrames, transmittedFrames } = host.vms.status('web');
  const [left, right] = host.nics.list();
  console.log(
    `  accepted ${acceptedFrames}, transmitted ${transmittedFrames}: left ${left.txFrames}, right ${right.txFrames}`,
  );
  host.assertConserved();
  await host.close();
}
