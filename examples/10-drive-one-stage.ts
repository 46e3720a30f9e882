// A policy needs no host to be looked at: make it by hand, give it a batch, read what it answers.
import { PendingLoad } from '@fairlead/load-distribution-pending-load';
import type { LoadDistribution, NicTable, TransmitBatch } from '@fairlead/sdk';
import { loadDistributionLaws, testBatch, testNics, testVms } from '@fairlead/sdk/testing';

// Three NICs; on the second 3,000 bytes are waiting. The third is ten times as fast.
const nics = testNics([1e9, 1e9, 10e9], ['slow', 'busy', 'fast']);
nics.pendingBytes[1] = 3000;
const options = { grainBytes: 1514, priority: false, priorityHoldUs: 0, reservations: false };
const policy = new PendingLoad(nics, testVms([{}]), options);

const batch = testBatch(Array(16).fill(1514));
policy.select(batch);
const chosen = [...batch.nic.subarray(0, batch.count)].map((nic) => nics.names[nic]);
console.log(`16 frames go to ${chosen.join(' ')}`);

nics.setAvailable(0, 1);
policy.select(testBatch([1514, 1514, 1514, 1514], {}, batch));
console.log(`fast is down:   ${[...batch.nic.subarray(0, 4)].map((nic) => nics.names[nic]).join(' ')}`);

// What every load distribution must do is written down as laws, which try a policy on drawn scenarios.
for (const { name, check } of loadDistributionLaws((parts) => new PendingLoad(parts.nics, parts.vms, options))) {
  check();
  console.log(`holds: ${name}`);
}

// And this is what they are for. The author forgot that a NIC may go down:
class ByVm implements LoadDistribution {
  constructor(private readonly nics: NicTable) {}

  select(batch: TransmitBatch): undefined {
    batch.nic.fill(batch.vm % this.nics.count, 0, batch.count);
  }
}

const broken = loadDistributionLaws(({ nics }) => new ByVm(nics)).filter(({ check }) => {
  try {
    check();
    return false;
  } catch (error) {
    console.log(`\n${(error as Error).message}`);
    return true;
  }
});
if (broken.length === 0) process.exitCode = 1;
