import { type Bandwidth, type Host, use } from '@fairlead/core';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import { describe, expect, it } from 'vitest';
import { frame, frames } from './support/frames.ts';
import { given, guest, MAC, settle, simulatedHost, started } from './support/hosts.ts';

const GBPS = 1e9;

/** What changes of the state of the VM between its two sets of data, and nothing else. */
const CHANGES: { what: string; first: Partial<Bandwidth>; second: Partial<Bandwidth> }[] = [
  // b, of priority 1, sends too: below it, the faster NIC is left alone; above it, it is the one to have.
  { what: 'its priority', first: { priority: 0 }, second: { priority: 2 } },
  // Without a reservation it goes by load, to the faster NIC; 1.5 of its 2 Gbit/s are reserved by c.
  { what: 'its reservation', first: { priority: 1, reservationBps: 0 }, second: { reservationBps: 0.8 * GBPS } },
];

describe("requirement 36: one VM's data is spread over the NICs by the state of the VM", () => {
  async function team(): Promise<Host> {
    return started(
      simulatedHost([GBPS, 2 * GBPS], {
        a: {},
        b: { bandwidth: { priority: 1 } },
        c: { bandwidth: { priority: 1, reservationBps: 1.5 * GBPS } },
      }).distribute(use(pendingLoad, { priority: true, reservations: true })),
    );
  }

  it.each(CHANGES)('its two sets leave over two NICs as nothing but $what changes', async ({ first, second }) => {
    const host = await team();
    const nicOfASet = (): string[] => {
      guest(host, 'c').send(frame(MAC.c));
      guest(host, 'b').send(frame(MAC.b));
      settle(host);
      host.run(1000); // all is sent: nothing is pending when a's frames come
      expect(host.nics.list().map((status) => status.pendingBytes)).toEqual([0, 0]);
      return Object.keys(given(host, () => guest(host, 'a').sendAll(frames(1, MAC.a))));
    };
    host.resources.setAllocation('a', first);
    const before = nicOfASet();
    host.run(1000);
    host.resources.setAllocation('a', second);
    const after = nicOfASet();
    expect(new Set([...before, ...after])).toEqual(new Set(['nic0', 'nic1']));
    expect(before).toHaveLength(1);
    expect(after).toHaveLength(1);
    host.assertConserved();
  });
});
