// The same host on threads of its own, in real time, for one second: nothing changes but the runtime.
import { setTimeout as wait } from 'node:timers/promises';
import { createHost, use } from '@fairlead/core';
import memoryDevice from '@fairlead/device-emulator-memory';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import roundRobin from '@fairlead/load-distribution-round-robin';
import memoryNic from '@fairlead/nic-driver-memory';

const traffic = { rateBps: '10Mbps', frameBytes: '512B' } as const;

const host = await createHost()
  .nic('left', use(memoryNic, { speedBps: '1Gbps' }))
  .nic('right', use(memoryNic, { speedBps: '1Gbps' }))
  .vm('a', '52:54:00:00:00:01', use(memoryDevice, { traffic }))
  .vm('b', '52:54:00:00:00:02', use(memoryDevice, { traffic }))
  .vm('c', '52:54:00:00:00:03', use(memoryDevice, { traffic }))
  .vm('d', '52:54:00:00:00:04', use(memoryDevice, { traffic }))
  .distribute(use(pendingLoad), { fallback: use(roundRobin) })
  // Each worker owns some of the VMs, and has a transmit queue of its own on every NIC.
  .runtime({ kind: 'workers', workers: 2 })
  .start();

host.on('worker', ({ worker, cause }) => console.log(`worker ${worker} was lost and replaced: ${cause}`));

await wait(1000);

// Before the host is closed the VMs fall silent, and what they sent runs out.
await Promise.all(host.vms.list().map(({ name }) => host.vms.suspend(name)));
const queuedFrames = () => host.accounts().reduce((sum, account) => sum + account.queued, 0);
for (let attempt = 0; attempt < 100 && queuedFrames() > 0; attempt++) await wait(10);
await host.close();

// The threads are gone; the shared tables are still there to be read, and at rest the law is exact.
for (const { name, index, transmittedFrames } of host.vms.list()) {
  console.log(`${name}: ${transmittedFrames} frames, forwarded by worker ${host.arena.vms.worker[index]}`);
}
for (const { name, txFrames } of host.nics.list()) console.log(`${name}: ${txFrames} frames`);
host.assertConserved();
