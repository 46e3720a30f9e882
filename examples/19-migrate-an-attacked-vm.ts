// A VM that is flooded goes to another host, and stays there: no frame of it is lost, and none is sent twice.
import { createHost, type Host, type HostBuilder, use } from '@fairlead/core';
import volume from '@fairlead/detector-volume';
import memoryDevice, { type MemoryGuest } from '@fairlead/device-emulator-memory';
import embedded from '@fairlead/host-registry-embedded';
import simulated from '@fairlead/hypervisor-simulated';
import memoryNic from '@fairlead/nic-driver-memory';
import migrate from '@fairlead/responder-migrate';

const web = '52:54:00:00:00:02';
const shop = { rateBps: '20Mbps', destination: web } as const;
const flood = { rateBps: '400Mbps', destination: web, flows: 64 } as const;
/** Both hosts name the VM that may go from one to the other, and are on one network. */
const named = (name: string, start: boolean): HostBuilder =>
  createHost()
    .nic('uplink', use(memoryNic, { segment: 'rack' }))
    .hypervisor(use(simulated, { host: name }))
    .registry(name, use(embedded))
    .vm('web', web, use(memoryDevice), { start })
    .inline();
const left = await named('left', true)
  .vm('shop', '52:54:00:00:00:01', use(memoryDevice, { traffic: shop }))
  .vm('bot', '52:54:00:00:00:03', use(memoryDevice, { traffic: flood }), { start: false })
  .detect(use(volume, { windows: 2 }), { windowMs: '20ms' })
  .onSignal('attack', [use(migrate)], { allow: ['bot'] })
  .start();
const right = await named('right', false).start();
const hosts: readonly Host[] = [left, right];

/** Lets virtual time go by; responders have their turn, and the hosts speak to each other. */
async function pass(ms: number): Promise<void> {
  for (let done = 0; done < ms; done++) {
    for (const host of hosts) host.run(1000);
    await left.signals.idle();
    for (const host of [...hosts, ...hosts]) await host.cluster.idle();
  }
}
const said = (): string => `${left.nowUs / 1000} ms:`;
left.on('action', ({ state, action, vm, reason }) => console.log(said(), state, action, vm, `(${reason})`));

await pass(500); // the detector learns what is usual
await left.vms.start('bot');
await pass(100);
for (const vm of ['shop', 'bot']) await left.vms.stop(vm);
await pass(100);
const [record] = left.migrations();
console.log(said(), `${record?.vm} went from ${record?.from} to ${record?.to} (${record?.by}): ${record?.state}`);
for (const host of hosts) console.log(said(), `web is ${host.vms.status('web').state} on ${host.config.name}`);
const sent = ['shop', 'bot'].map((vm) => left.device<MemoryGuest>(vm).counters.offeredFrames);
const received = hosts.map((host) => host.device<MemoryGuest>('web').counters.receivedFrames);
console.log(said(), `shop and bot have sent ${sent} frames; web has received ${received}, here and there`);
for (const host of hosts) host.assertConserved();
const sum = (frames: readonly number[]): number => frames.reduce((all, some) => all + some, 0);
if (right.vms.status('web').state !== 'running' || sum(received) !== sum(sent)) process.exitCode = 1;
for (const host of hosts) await host.close();
