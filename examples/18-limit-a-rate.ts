// A VM that floods another one is limited to a rate; what is within it still gets through.
import { createHost, use } from '@fairlead/core';
import volume from '@fairlead/detector-volume';
import memoryDevice from '@fairlead/device-emulator-memory';
import memoryNic from '@fairlead/nic-driver-memory';
import rateLimit from '@fairlead/responder-rate-limit';
import { DROP_REASON_COUNT, DropReason } from '@fairlead/sdk';

const web = '52:54:00:00:00:02';
const usual = { rateBps: '20Mbps', destination: web } as const;
const flood = { rateBps: '400Mbps', destination: web, flows: 64 } as const;
const host = await createHost()
  .nic('uplink', use(memoryNic))
  .vm('shop', '52:54:00:00:00:01', use(memoryDevice, { traffic: usual }))
  .vm('web', web, use(memoryDevice, { traffic: { rateBps: '10Mbps' } }))
  .vm('bot', '52:54:00:00:00:03', use(memoryDevice, { traffic: flood }), { start: false })
  .detect(use(volume, { windows: 2 }), { windowMs: '20ms' })
  .onSignal('attack', [use(rateLimit, { outboundBps: '40Mbps' })], {
    allow: ['web'],
    ttlMs: '1min',
    whileSignalled: false,
  })
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
await pass(200);
const before = host.vms.status('bot').transmittedBytes;
await pass(500);
const mbps = ((host.vms.status('bot').transmittedBytes - before) * 8) / 0.5 / 1e6;
console.log(said(), `bot offers 400 Mbit/s and gets ${mbps.toFixed(1)}`);
console.log(
  said(),
  `${host.arena.vms.dropped[2 * DROP_REASON_COUNT + DropReason.Policed]} frames of it were dropped as policed`,
);
host.assertConserved();
if (mbps > 41 || mbps < 39) process.exitCode = 1;
await host.close();
