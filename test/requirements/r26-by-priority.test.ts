import { use } from '@fairlead/core';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import { describe, expect, it } from 'vitest';
import { frame, frames } from './support/frames.ts';
import { BYTE_PER_US, chosenNic, enableOnly, guest, MAC, settle, simulatedHost, started } from './support/hosts.ts';

const NICS = ['nic0', 'nic1'] as const;
const PRIORITIES = [
  { first: 5, second: 0 },
  { first: 0, second: 5 },
] as const;

describe('requirement 26: the NIC is selected by the priorities of the VMs relative to each other', () => {
  it.each(PRIORITIES)(
    'of two VMs of priority $first and $second that send at once, the higher has the least-loaded NIC',
    async ({ first, second }) => {
      const chosen: Record<string, string[]> = { a: [], b: [] };
      for (const loaded of NICS) {
        const host = await started(
          simulatedHost([BYTE_PER_US, BYTE_PER_US], {
            a: { bandwidth: { priority: first } },
            b: { bandwidth: { priority: second } },
            c: {},
          }).distribute(use(pendingLoad, { priority: true })),
        );
        enableOnly(host, [loaded]);
        guest(host, 'c').sendAll(frames(10, MAC.c));
        settle(host);
        enableOnly(host, NICS);
        // Both have sent lately; from then on the lower one of them leaves the least-loaded NIC alone.
        for (const vm of ['a', 'b'] as const) guest(host, vm).send(frame(MAC[vm], { bytes: 60 }));
        settle(host);
        for (const vm of ['a', 'b'] as const)
          chosen[vm]?.push(chosenNic(host, () => guest(host, vm).send(frame(MAC[vm]))));
        host.assertConserved();
      }
      const leastLoaded = ['nic1', 'nic0'];
      const [high, low] = first > second ? [chosen['a'], chosen['b']] : [chosen['b'], chosen['a']];
      expect(high).toEqual(leastLoaded);
      expect(low).toEqual([...NICS]);
    },
  );

  it('of equal priority both have the least-loaded NIC', async () => {
    const host = await started(
      simulatedHost([BYTE_PER_US, BYTE_PER_US], { a: {}, b: {}, c: {} }).distribute(
        use(pendingLoad, { priority: true }),
      ),
    );
    enableOnly(host, ['nic0']);
    guest(host, 'c').sendAll(frames(10, MAC.c));
    settle(host);
    enableOnly(host, NICS);
    const choices = (['a', 'b', 'a', 'b'] as const).map((vm) =>
      chosenNic(host, () => guest(host, vm).send(frame(MAC[vm]))),
    );
    expect(choices).toEqual(['nic1', 'nic1', 'nic1', 'nic1']);
    host.assertConserved();
  });

  it('once the higher one has been silent for the hold time, the lower one has the least-loaded NIC', async () => {
    const host = await started(
      simulatedHost([BYTE_PER_US, BYTE_PER_US], { a: { bandwidth: { priority: 5 } }, b: {}, c: {} }).distribute(
        use(pendingLoad, { priority: true, priorityHoldUs: '2ms' }),
      ),
    );
    enableOnly(host, ['nic0']);
    guest(host, 'c').sendAll(frames(10, MAC.c));
    settle(host);
    enableOnly(host, NICS);
    guest(host, 'a').send(frame(MAC.a, { bytes: 60 }));
    settle(host);
    const nicOfB = (): string => chosenNic(host, () => guest(host, 'b').send(frame(MAC.b, { bytes: 60 })));
    const before = nicOfB();
    host.run(2001);
    expect([before, nicOfB()]).toEqual(['nic0', 'nic1']);
    host.assertConserved();
  });
});
