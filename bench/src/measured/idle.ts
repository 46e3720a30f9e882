// Run in a process of its own: `node idle.js DIRECTORY SECONDS INTERFACE…` starts a host without traffic: an af-packet NIC
// on each interface, two guests' sockets (guest0.sock, guest1.sock) in the directory, one forwarding worker. Says "ready",
// and then prints {"corePercent":…}, the processor time of all its threads over so many seconds; with 0 seconds it stays
// until it is ended.
import path from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import shapingFilter from '@fairlead/admission-shaping-filter';
import { createHost, use } from '@fairlead/core';
import qemuStream from '@fairlead/device-emulator-qemu-stream';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import afPacket from '@fairlead/nic-driver-af-packet';

const GUESTS = 2;
const SETTLE_MS = 1500;

const [directory = '', seconds = '5', ...interfaces] = process.argv.slice(2);
const builder = createHost().admit(use(shapingFilter)).distribute(use(pendingLoad));
for (const name of interfaces) builder.nic(name, use(afPacket, { interface: name, speedBps: '10Gbps' }));
for (let guest = 0; guest < GUESTS; guest++) {
  const device = use(qemuStream, { path: path.join(directory, `guest${guest}.sock`) });
  builder.vm(`guest${guest}`, `52:54:00:00:00:0${guest + 1}`, device, {
    bandwidth: { limitBps: '1Gbps', burstBytes: '64KiB' },
  });
}
const host = await builder.start();
console.log('ready');

if (Number(seconds) === 0) {
  process.once('SIGTERM', () => void host.close());
} else {
  await rest(SETTLE_MS);
  const startMs = performance.now();
  const before = process.cpuUsage();
  await rest(Number(seconds) * 1000);
  const { user, system } = process.cpuUsage(before);
  const elapsedMs = performance.now() - startMs;
  await host.close();
  console.log(JSON.stringify({ corePercent: (user + system) / 10 / elapsedMs }));
}
