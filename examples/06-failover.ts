// A cable is pulled while frames wait for that NIC. They are taken back and go over the standby; none is lost.
import { createHost, use } from '@fairlead/core';
import memoryDevice, { type MemoryGuest } from '@fairlead/device-emulator-memory';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import memoryNic, { type MemoryNic } from '@fairlead/nic-driver-memory';

const host = await createHost()
  .nic('left', use(memoryNic, { speedBps: '100Mbps' }))
  .nic('right', use(memoryNic, { speedBps: '100Mbps' }))
  .nic('spare', use(memoryNic, { speedBps: '1Gbps' }), { role: 'standby' })
  // 250 Mbit/s for 30 ms and then silence for 100: more than two NICs carry, so that their queues fill.
  .vm(
    'web',
    '52:54:00:00:00:01',
    use(memoryDevice, { traffic: { rateBps: '250Mbps', pattern: 'on-off', onUs: '30ms', offUs: '100ms' } }),
  )
  .distribute(use(pendingLoad))
  .inline()
  .start();

host.on('nic', ({ nic, state, cause }) => console.log(`${host.nowUs / 1000} ms: ${nic} is ${state} (${cause})`));

host.run(25_000);
const left = host.nics.driver<MemoryNic>('left');
console.log(
  `${host.nowUs / 1000} ms: ${host.nics.status('left').pendingBytes} bytes wait for left; its cable is pulled`,
);
left.setLink(false);
host.run(75_000);

const { offeredFrames, lostFrames } = host.device<MemoryGuest>('web').counters;
let sentFrames = 0;
for (const { name, index, txFrames } of host.nics.list()) {
  console.log(`${name}: ${txFrames} frames sent, ${host.arena.nics.takenBackFrames[index]} taken back`);
  sentFrames += txFrames;
}
console.log(`the guest sent ${offeredFrames} frames, the NICs ${sentFrames}; lost in the guest: ${lostFrames}`);
host.assertConserved();
if (sentFrames !== offeredFrames) process.exitCode = 1;
await host.close();
