import { type Host, use } from '@fairlead/core';
import {
  definePlugin,
  inject,
  type LoadDistribution,
  Nics,
  type NicTable,
  type TransmitBatch,
  Type,
} from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { frames } from './support/frames.ts';
import { BYTE_PER_US, guest, MAC, nic, simulatedHost, started } from './support/hosts.ts';

/** Flag of the first NIC, as the policy saw it at each call, and what waited on its queue. */
const looks: { flag: number; pending: number }[] = [];

/** VM a over the first NIC, VM b over the second, each over the other when its own is down; writes down what it sees. */
class Watching implements LoadDistribution {
  readonly #nics: NicTable;

  constructor(@inject(Nics) nics: NicTable) {
    this.#nics = nics;
  }

  select(batch: TransmitBatch): undefined {
    const { available, availableCount, failover, pendingFrames } = this.#nics;
    looks.push({ flag: failover[0], pending: pendingFrames[0] });
    const chosen = available.subarray(0, availableCount).includes(batch.vm) ? batch.vm : available[0];
    for (let i = 0; i < batch.count; i++) batch.nic[i] = chosen;
  }
}

const watching = definePlugin({
  kind: 'load-distribution',
  name: 'watching',
  apiVersion: 1,
  options: Type.Object({}),
  implementation: Watching,
});

/** What the policy saw since this was last asked. */
function seen(): typeof looks {
  return looks.splice(0);
}

describe('requirement 10: the state of the NICs says that a failover is in progress on one of them', () => {
  it('a policy sees the flag from the loss of the NIC until nothing waits on it any more, and not longer', async () => {
    seen();
    const host = await started(
      simulatedHost([BYTE_PER_US, BYTE_PER_US], { a: {}, b: {} })
        .memory({ nicRingFrames: 64 })
        .distribute(use(watching)),
    );
    const failingOver = (): boolean => host.nics.status('nic0').failover;
    const sendFrom = (which: Host, vm: 'a' | 'b'): void => void guest(which, vm).sendAll(frames(100, MAC[vm]));
    sendFrom(host, 'a');
    sendFrom(host, 'b');
    host.run(2000);
    expect(failingOver()).toBe(false);
    expect(new Set(seen().map(({ flag }) => flag))).toEqual(new Set([0]));

    // The other NIC's queue is full: what waits on the first one is taken back as room comes free.
    nic(host, 'nic0').setLink(false);
    host.run(10_000);
    expect(failingOver()).toBe(true);
    let lasted = 0;
    while (failingOver() && lasted++ < 1000) {
      seen();
      host.run(1000);
      const waiting = seen().filter(({ pending }) => pending > 0);
      expect(waiting.filter(({ flag }) => flag === 0)).toEqual([]);
    }
    expect(lasted).toBeGreaterThan(3); // milliseconds
    expect(lasted).toBeLessThan(1000);
    expect(host.nics.status('nic0')).toMatchObject({ state: 'down', failover: false, pendingBytes: 0 });

    seen();
    sendFrom(host, 'a');
    host.run(10_000);
    const after = seen();
    expect(after.length).toBeGreaterThan(0);
    expect(after.filter(({ flag }) => flag === 1)).toEqual([]);
    expect(host.nics.list().map(({ failover }) => failover)).toEqual([false, false]);
    host.assertConserved();
  });
});
