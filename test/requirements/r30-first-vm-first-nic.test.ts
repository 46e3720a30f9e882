import { use } from '@fairlead/core';
import vmAffinity from '@fairlead/load-distribution-vm-affinity';
import { describe, expect, it } from 'vitest';
import { frame, frames, numberOf, OUTSIDE, sourceOf, upTo } from './support/frames.ts';
import { chosenNic, guest, MAC, nic, simulatedHost, started, takeSent } from './support/hosts.ts';

describe('requirement 30: the first VM has the first NIC for its data and the second the second, both ways', () => {
  const host = () =>
    started(
      simulatedHost([1e9, 1e9], { a: {}, b: {} }).distribute(
        use(vmAffinity, { pins: { [MAC.a]: 'nic0', [MAC.b]: 'nic1' } }),
      ),
    );

  it('outwards, for each request by itself', async () => {
    const one = await host();
    for (let request = 0; request < 20; request++) {
      expect(chosenNic(one, () => guest(one, 'a').send(frame(MAC.a)))).toBe('nic0');
      expect(chosenNic(one, () => guest(one, 'b').send(frame(MAC.b)))).toBe('nic1');
      one.run(100);
    }
    one.assertConserved();
  });

  it('and when both send at once, each to its own NIC alone', async () => {
    const one = await host();
    guest(one, 'a').sendAll(frames(100, MAC.a));
    guest(one, 'b').sendAll(frames(100, MAC.b));
    one.run(10_000);
    const [first, second] = takeSent(one);
    expect([...new Set(first.map(sourceOf))]).toEqual([MAC.a]);
    expect([...new Set(second.map(sourceOf))]).toEqual([MAC.b]);
    expect([first.map(numberOf), second.map(numberOf)]).toEqual([upTo(100), upTo(100)]);
    one.assertConserved();
  });

  it('inwards, what answers on a NIC reaches the VM whose NIC it is', async () => {
    const one = await host();
    guest(one, 'a').sendAll(frames(10, MAC.a));
    guest(one, 'b').sendAll(frames(10, MAC.b));
    one.run(1000);
    // The far side of each NIC answers every frame it has seen, by the cable by which that came.
    for (const [i, seen] of takeSent(one).entries()) {
      for (const request of seen) {
        nic(one, `nic${i}`).deliver(frame(OUTSIDE, { destination: sourceOf(request), number: numberOf(request) }));
      }
    }
    one.run(1000);
    expect(one.nics.list().map((status) => status.rxFrames)).toEqual([10, 10]);
    for (const vm of ['a', 'b'] as const) {
      expect(upTo(10).map(() => numberOf(guest(one, vm).receive() as Uint8Array))).toEqual(upTo(10));
      expect(guest(one, vm).receive()).toBeUndefined();
    }
    one.assertConserved();
  });
});
