import { use } from '@fairlead/core';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import { describe, expect, it } from 'vitest';
import { frame } from './support/frames.ts';
import { chosenNic, guest, MAC, nic, settle, simulatedHost, started } from './support/hosts.ts';

const LINK_POLL_US = 10_000;
const GBPS = 1e9;

/* The NIC that would be finished first, and the one after it, are others in each. */
const SPEEDS = {
  'first two fast': [8, 4, 2, 1],
  'last two fast': [1, 2, 4, 8].map((speed, i) => (i === 2 ? 8 : i === 3 ? 4 : speed)),
};

describe("requirement 37: one VM's data is spread over the NICs by the state of the NICs and of the VM", () => {
  it('two states of the NICs and two of the VM lead one frame to four NICs', async () => {
    const host = await started(
      simulatedHost([GBPS, GBPS, GBPS, GBPS], { a: {}, b: { bandwidth: { priority: 1 } } }).distribute(
        use(pendingLoad, { priority: true }),
      ),
    );
    const table: Record<string, string> = {};
    for (const [name, speeds] of Object.entries(SPEEDS)) {
      for (const priority of [2, 0]) {
        for (const [i, speed] of speeds.entries()) nic(host, `nic${i}`).setSpeed(speed * GBPS);
        host.resources.setAllocation('a', { priority });
        host.run(3 * LINK_POLL_US); // longer than a VM is held to be sending
        guest(host, 'b').send(frame(MAC.b));
        settle(host);
        host.run(100);
        table[`${name}, priority ${priority}`] = chosenNic(host, () => guest(host, 'a').send(frame(MAC.a)));
      }
    }
    expect(table).toEqual({
      'first two fast, priority 2': 'nic0',
      'first two fast, priority 0': 'nic1',
      'last two fast, priority 2': 'nic2',
      'last two fast, priority 0': 'nic3',
    });
    host.assertConserved();
  });
});
