// Start reading here. The smallest host that does the job: two VMs send, two NICs carry, a policy decides which.
//
//   vm web ──┐                ┌── nic left  (1 Gbit/s)
//            ├── round-robin ─┤
//   vm db  ──┘                └── nic right (1 Gbit/s)
import { createHost, use } from '@fairlead/core';
import memoryDevice from '@fairlead/device-emulator-memory';
import roundRobin from '@fairlead/load-distribution-round-robin';
import memoryNic from '@fairlead/nic-driver-memory';

// Everything that decides or touches a device is a plugin, put in its place with `use(plugin, options)`. These NICs and
// guests are simulated; others reach Linux interfaces and QEMU guests, and the rest of this file would stay as it is.
const host = await createHost()
  .nic('left', use(memoryNic, { speedBps: '1Gbps' }))
  .nic('right', use(memoryNic, { speedBps: '1Gbps' }))
  .vm('web', '52:54:00:00:00:01', use(memoryDevice, { traffic: { rateBps: '300Mbps' } }))
  .vm('db', '52:54:00:00:00:02', use(memoryDevice, { traffic: { rateBps: '100Mbps', frameBytes: '512B' } }))
  .distribute(use(roundRobin))
  // Inline: the whole host lives in this thread, on a virtual clock. The same program gives the same figures every time.
  .inline()
  .start();

// A tenth of a second passes, in a few milliseconds of yours.
host.run(100_000);

console.table(
  host.vms.list().map(({ name, acceptedFrames, transmittedFrames, backlogFrames }) => ({
    VM: name,
    'frames accepted': acceptedFrames,
    'handed to a NIC': transmittedFrames,
    waiting: backlogFrames,
  })),
);
console.table(
  host.nics
    .list()
    .map(({ name, txFrames, txBytes }) => ({ NIC: name, 'frames sent': txFrames, 'bytes sent': txBytes })),
);

// The law that always holds: accepted = transmitted + queued + dropped, for every VM and every NIC. It throws if not.
host.assertConserved();
console.log('every frame is accounted for');
await host.close();
