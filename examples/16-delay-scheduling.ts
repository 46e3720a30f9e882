// A VM that floods another one has a tenth of its CPU time until an operator, who knows better, gives it back.
import { createHost, use } from '@fairlead/core';
import volume from '@fairlead/detector-volume';
import memoryDevice from '@fairlead/device-emulator-memory';
import simulated from '@fairlead/hypervisor-simulated';
import memoryNic from '@fairlead/nic-driver-memory';
import delayScheduling from '@fairlead/responder-delay-scheduling';

const web = '52:54:00:00:00:02';
const usual = { rateBps: '20Mbps', destination: web } as const;
const flood = { rateBps: '400Mbps', destination: web, flows: 64 } as const;
const host = await createHost()
  .nic('uplink', use(memoryNic))
  .hypervisor(use(simulated))
  .vm('shop', '52:54:00:00:00:01', use(memoryDevice, { traffic: usual }))
  .vm('web', web, use(memoryDevice, { traffic: { rateBps: '10Mbps' } }))
  .vm('bot', '52:54:00:00:00:03', use(memoryDevice, { traffic: flood }), { start: false })
  .detect(use(volume, { windows: 2 }), { windowMs: '20ms' })
  .onSignal('attack', [use(delayScheduling, { fraction: 0.1 })], { allow: ['web'], ttlMs: '1min' })
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
const [action] = host.signals.actions();
if (action === undefined) throw new Error('nothing was done');
console.log(said(), 'on the evidence of', action.signal.evidence);
await host.signals.undo(action.id); // as fairlead undo does
await pass(200);
host.assertConserved();
// Its chain leaves the VM alone until the signal is over.
const { state, trouble } = host.signals.history().at(-1) ?? {};
if (state !== 'undone' || trouble !== undefined) process.exitCode = 1;
await host.close();
