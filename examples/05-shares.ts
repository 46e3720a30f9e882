// Four VMs want all of a NIC. Three divide it by shares, 1 : 2 : 4; the fourth has a reservation, which goes first.
import proportionalShare from '@fairlead/admission-proportional-share';
import { createHost, use } from '@fairlead/core';
import memoryDevice from '@fairlead/device-emulator-memory';
import memoryNic from '@fairlead/nic-driver-memory';

const greedy = use(memoryDevice, { traffic: { rateBps: '200Mbps' } });

const host = await createHost()
  .nic('uplink', use(memoryNic, { speedBps: '100Mbps' }))
  .vm('one', '52:54:00:00:00:01', greedy, { bandwidth: { shares: 1 } })
  .vm('two', '52:54:00:00:00:02', greedy, { bandwidth: { shares: 2 } })
  .vm('four', '52:54:00:00:00:03', greedy, { bandwidth: { shares: 4 } })
  .vm('sure', '52:54:00:00:00:04', greedy, { bandwidth: { reservationBps: '30Mbps', limitBps: '30Mbps' } })
  .admit(use(proportionalShare))
  .inline()
  .start();

/** What each VM sends, in Mbit/s: a second to settle in, then four of virtual time are measured. */
function measure(): string {
  host.run(1e6);
  const before = host.vms.list().map((vm) => vm.transmittedBytes);
  host.run(4e6);
  return host.vms
    .list()
    .map((vm, i) => `${vm.name} ${(((vm.transmittedBytes - before[i]) * 8) / 4e6).toFixed(2)}`)
    .join(', ');
}

console.log(`30 for sure, the other 70 as 10 : 20 : 40    ${measure()}`);

// Nothing is kept for a VM that sends nothing.
await host.vms.suspend('four');
console.log(`four is suspended                            ${measure()}`);

// An allocation may change at any time; it holds from the next batch on.
await host.vms.resume('four');
host.resources.setAllocation('one', { shares: 6 });
console.log(`one has 6 shares of 12                       ${measure()}`);

host.assertConserved();
await host.close();
