// A VM that wants 100 Mbit/s and may have 20: the shaping filter makes its frames wait, and drops none of them.
//
// What it promises is more than an average: in no stretch of t seconds does the VM send more than rate · t + burst.
import shapingFilter from '@fairlead/admission-shaping-filter';
import { createHost, use } from '@fairlead/core';
import memoryDevice, { type MemoryGuest } from '@fairlead/device-emulator-memory';
import memoryNic from '@fairlead/nic-driver-memory';

const limitBps = 20e6;
const burstBytes = 64 * 1024;
const seconds = 10;

const host = await createHost()
  .nic('uplink', use(memoryNic, { speedBps: '1Gbps' }))
  .vm('greedy', '52:54:00:00:00:01', use(memoryDevice, { traffic: { rateBps: '100Mbps' } }), {
    bandwidth: { limitBps: '20Mbps', burstBytes: '64KiB' },
  })
  .admit(use(shapingFilter))
  .inline()
  .start();

// Bytes sent so far, read every millisecond of virtual time.
const sentBytes = [0];
for (let ms = 1; ms <= seconds * 1000; ms++) {
  host.run(1000);
  sentBytes.push(host.vms.status('greedy').transmittedBytes);
}

// How far any window ran over the promise. Looked for in one pass: `floor` is the lowest that bytes sent minus bytes
// earned has been, and a window that ends now is worst when it began there.
let floor = 0;
let worstBytes = Number.NEGATIVE_INFINITY;
for (const [ms, bytes] of sentBytes.entries()) {
  const ahead = bytes - (limitBps * ms) / 8000;
  worstBytes = Math.max(worstBytes, ahead - floor - burstBytes);
  floor = Math.min(floor, ahead);
}
const measuredBps = ((sentBytes[seconds * 1000] - burstBytes) * 8) / seconds;

console.log(`rate after the first burst: ${(measuredBps / 1e6).toFixed(3)} Mbit/s of ${limitBps / 1e6}`);
console.log(`worst window: ${Math.round(-worstBytes)} bytes below rate · t + burst`);
// What waits is in the VM's ring. A simulated guest loses what finds its ring full; a real one sends more slowly.
const { offeredFrames, acceptedFrames } = host.device<MemoryGuest>('greedy').counters;
console.log(`the guest offered ${offeredFrames} frames and its ring had room for ${acceptedFrames}`);
console.log(host.accounts().find(({ subject }) => subject === 'vm greedy outbound'));
host.assertConserved();
if (worstBytes > 0) process.exitCode = 1;
await host.close();
