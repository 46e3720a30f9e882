// A VM that floods another one is suspended for a time; that one has again what it had before.
import { createHost, use } from '@fairlead/core';
import volume from '@fairlead/detector-volume';
import memoryDevice, { type MemoryGuest } from '@fairlead/device-emulator-memory';
import memoryNic from '@fairlead/nic-driver-memory';
import suspend from '@fairlead/responder-suspend';

const web = '52:54:00:00:00:02';
const usual = { rateBps: '20Mbps', destination: web } as const;
const flood = { rateBps: '400Mbps', destination: web, flows: 64 } as const;
const host = await createHost()
  .nic('uplink', use(memoryNic))
  .vm('shop', '52:54:00:00:00:01', use(memoryDevice, { traffic: usual }))
  .vm('web', web, use(memoryDevice, { traffic: { rateBps: '10Mbps' } }))
  .vm('bot', '52:54:00:00:00:03', use(memoryDevice, { traffic: flood }), { start: false })
  .detect(use(volume, { windows: 2 }), { windowMs: '20ms' })
  .onSignal('attack', [use(suspend)], { allow: ['web'], ttlMs: '300ms', whileSignalled: false, coolDownMs: '1s' })
  .inline()
  .start();

/** Lets virtual time go by, and responders have their turn. */
async function pass(ms: number): Promise<void> {
  for (let done = 0; done < ms; done++) {
    host.run(1000);
    await host.signals.idle();
  }
}
const said = (): string => `${host.nowUs / 1000} ms:`;
host.on('action', ({ state, action, vm, reason }) => console.log(said(), state, action, vm, `(${reason})`));

await pass(500); // the detector learns what is usual
await host.vms.start('bot');
await pass(100);
console.log(said(), `bot is ${host.vms.status('bot').state}`);
const before = host.device<MemoryGuest>('web').counters.receivedFrames;
await pass(200);
const { receivedFrames } = host.device<MemoryGuest>('web').counters;
console.log(said(), `web has received ${receivedFrames - before} frames in 200 ms`);
await pass(300);
console.log(said(), `bot is ${host.vms.status('bot').state}`);
host.assertConserved();
// 20 Mbit/s in frames of 1514 bytes are 330 in 200 ms.
if (receivedFrames - before > 340 || host.vms.status('bot').state !== 'running') process.exitCode = 1;
await host.close();
