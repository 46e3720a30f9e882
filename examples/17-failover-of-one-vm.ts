// A VM that is flooded goes over another set of NICs than its neighbours until the flood is over.
import { createHost, use } from '@fairlead/core';
import volume from '@fairlead/detector-volume';
import memoryDevice, { type MemoryGuest } from '@fairlead/device-emulator-memory';
import memoryNic from '@fairlead/nic-driver-memory';
import failover from '@fairlead/responder-failover';

const web = '52:54:00:00:00:02';
const usual = { rateBps: '20Mbps', destination: web } as const;
const flood = { rateBps: '400Mbps', destination: web, flows: 64 } as const;
const host = await createHost()
  .nic('uplink', use(memoryNic))
  .nic('spare', use(memoryNic))
  .team('first', { active: ['uplink'] })
  .team('second', { active: ['spare'] })
  .vm('shop', '52:54:00:00:00:01', use(memoryDevice, { traffic: usual }), { team: 'first' })
  .vm('web', web, use(memoryDevice, { traffic: { rateBps: '10Mbps' } }), { team: 'first' })
  .vm('bot', '52:54:00:00:00:03', use(memoryDevice, { traffic: flood }), { start: false, team: 'first' })
  .detect(use(volume, { windows: 2 }), { windowMs: '20ms' })
  .onSignal('attack', [use(failover, { to: 'second' })], { allow: ['bot'] })
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
const sent = () => host.nics.list().map(({ name, txFrames }) => `${name} ${txFrames}`);
console.log(said(), `team second carries ${host.teams.status('second').vms}; frames sent: ${sent()}`);
const { txFrames: duringFlood } = host.nics.status('spare');
await host.vms.stop('bot');
await pass(200);
for (const { atUs, vm, from, to, cause } of host.teams.moves)
  console.log(`${atUs / 1000} ms: ${vm} ${from} → ${to}: ${cause}`);
host.assertConserved();
const { offeredFrames } = host.device<MemoryGuest>('web').counters;
const all = host.vms.status('web').transmittedFrames;
console.log(said(), `web sent ${offeredFrames} frames, the NICs ${all}`);
if (duringFlood === 0 || all !== offeredFrames || host.teams.status('second').vms.length > 0) process.exitCode = 1;
await host.close();
