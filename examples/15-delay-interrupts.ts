// What a flooded VM receives waits in its ring before the VM is told of it; order is kept, and it ends with the flood.
import { createHost, use } from '@fairlead/core';
import volume from '@fairlead/detector-volume';
import memoryDevice, { type MemoryGuest } from '@fairlead/device-emulator-memory';
import memoryNic from '@fairlead/nic-driver-memory';
import delayInterrupt from '@fairlead/responder-delay-interrupt';

const web = '52:54:00:00:00:02';
const usual = { rateBps: '20Mbps', destination: web } as const;
const flood = { rateBps: '400Mbps', destination: web, flows: 64 } as const;
const host = await createHost()
  .nic('uplink', use(memoryNic))
  .memory({ rxRingFrames: 4096, poolFrames: 16_384 })
  .vm('shop', '52:54:00:00:00:01', use(memoryDevice, { traffic: usual }))
  .vm('web', web, use(memoryDevice, { traffic: { rateBps: '10Mbps' } }))
  .vm('bot', '52:54:00:00:00:03', use(memoryDevice, { traffic: flood }), { start: false })
  .detect(use(volume, { windows: 2 }), { windowMs: '20ms' })
  .onSignal('attack', [use(delayInterrupt, { delayUs: '10ms' })], { allow: ['bot'] })
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
const { counters } = host.device<MemoryGuest>('web');
let quietMs = 0;
for (let ms = 0; ms < 200; ms++) {
  const before = counters.receivedFrames;
  await pass(1);
  if (counters.receivedFrames === before && host.arena.vms.rxDelayUs[1] > 0) quietMs++;
}
console.log(said(), `web was told of nothing for ${quietMs} ms, and then of each frame 10 ms later`);
await host.vms.stop('bot');
await pass(200);
const { rxFrames } = host.vms.status('web');
console.log(said(), `${rxFrames} frames came for web, ${counters.receivedFrames} it was told of`);
host.assertConserved();
if (quietMs < 9 || rxFrames !== counters.receivedFrames) process.exitCode = 1;
await host.close();
