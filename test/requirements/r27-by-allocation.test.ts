import { type Bandwidth, type Host, use } from '@fairlead/core';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import { describe, expect, it } from 'vitest';
import { frame, frames } from './support/frames.ts';
import { chosenNic, given, guest, MAC, simulatedHost, started } from './support/hosts.ts';

const GBPS = 1e9;
type Reservations = Partial<Record<'a' | 'b' | 'c', number>>;

/** Two NICs of 1 and 2 Gbit/s, and VMs with what each has reserved. */
async function team(reservedBps: Reservations): Promise<Host> {
  const vm = (reservationBps: number | undefined): { bandwidth?: Partial<Bandwidth> } =>
    reservationBps === undefined ? {} : { bandwidth: { reservationBps } };
  return started(
    simulatedHost([GBPS, 2 * GBPS], { a: vm(reservedBps.a), b: vm(reservedBps.b), c: vm(reservedBps.c) }).distribute(
      use(pendingLoad, { reservations: true }),
    ),
  );
}

const nicOf = (host: Host, vm: 'a' | 'b' | 'c'): string => chosenNic(host, () => guest(host, vm).send(frame(MAC[vm])));

describe('requirement 27: the NIC is selected by what resources the VMs are allocated', () => {
  it.each([
    // The first goes where most is free; then 1 and 1.5, 1 and 0.8, or 1 and 0.1 Gbit/s are.
    { a: 0.5 * GBPS, second: 'nic1' },
    { a: 1.2 * GBPS, second: 'nic0' },
    { a: 1.9 * GBPS, second: 'nic0' },
  ])('a VM that reserves 0.3 Gbit/s beside one that reserves $a bit/s is placed on $second', async ({ a, second }) => {
    const host = await team({ a, b: 0.3 * GBPS });
    expect([nicOf(host, 'a'), nicOf(host, 'b')]).toEqual(['nic1', second]);
    host.assertConserved();
  });

  it('a VM with a reservation keeps its NIC whatever is pending there; one without goes by load', async () => {
    const host = await team({ a: 1.5 * GBPS });
    const placed = given(host, () => guest(host, 'a').sendAll(frames(40, MAC.a)));
    expect(placed).toEqual({ nic1: 40_000 });
    expect(nicOf(host, 'a')).toBe('nic1');
    expect(nicOf(host, 'c')).toBe('nic0'); // 41,000 bytes at twice the speed wait on the other
    host.assertConserved();
  });

  it('another allocation while the host runs places the VM anew, where it fits', async () => {
    const host = await team({ a: 1.2 * GBPS, b: 0.9 * GBPS });
    expect([nicOf(host, 'a'), nicOf(host, 'b')]).toEqual(['nic1', 'nic0']);
    host.resources.setAllocation('a', { reservationBps: 0 });
    host.run(1000);
    nicOf(host, 'a'); // it has given back what was reserved for it
    host.resources.setAllocation('b', { reservationBps: 1.5 * GBPS });
    expect(nicOf(host, 'b')).toBe('nic1');
    host.assertConserved();
  });
});
