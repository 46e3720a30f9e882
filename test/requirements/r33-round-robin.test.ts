import { type Host, use } from '@fairlead/core';
import roundRobin from '@fairlead/load-distribution-round-robin';
import { describe, expect, it } from 'vitest';
import { frame, frames, numberOf } from './support/frames.ts';
import { chosenNic, guest, MAC, nic, simulatedHost, started, takeSent } from './support/hosts.ts';

describe("requirement 33: one VM's data is spread over the NICs in turn", () => {
  const threeNics = () => started(simulatedHost([1e9, 1e9, 1e9], { a: {} }).distribute(use(roundRobin)));

  /** Sends frames one by one, and writes down the NIC of each. */
  function turns(host: Host, count: number): string {
    const digits: string[] = [];
    for (let i = 0; i < count; i++) {
      digits.push(chosenNic(host, () => guest(host, 'a').send(frame(MAC.a))).slice('nic'.length));
      host.run(100); // it is sent, so that nothing is left to be taken back when the NIC leaves
    }
    return digits.join(' ');
  }

  it('strictly in turn, also when a NIC leaves and when it returns', async () => {
    const host = await threeNics();
    expect(turns(host, 7)).toBe('0 1 2 0 1 2 0');
    host.nics.setAdmin('nic1', false);
    expect(turns(host, 5)).toBe('2 0 2 0 2');
    host.nics.setAdmin('nic1', true);
    expect(turns(host, 7)).toBe('0 1 2 0 1 2 0');
    nic(host, 'nic2').setLink(false);
    host.run(10_000);
    expect(turns(host, 4)).toBe('1 0 1 0');
    nic(host, 'nic0').setLink(false);
    host.run(10_000);
    expect(turns(host, 3)).toBe('1 1 1');
    nic(host, 'nic0').setLink(true);
    nic(host, 'nic2').setLink(true);
    host.run(10_000);
    expect(turns(host, 6)).toBe('2 0 1 2 0 1');
    host.assertConserved();
  });

  it('frame by frame, however many come at once', async () => {
    const host = await threeNics();
    let number = 0;
    for (const count of [1, 50, 2, 100, 33, 64]) {
      guest(host, 'a').sendAll(frames(count, MAC.a, { number }));
      number += count;
      host.run(10_000);
    }
    for (const [i, seen] of takeSent(host).entries()) {
      const numbers = seen.map(numberOf);
      expect(numbers).toHaveLength(Math.ceil((number - i) / 3));
      expect(numbers.every((each, turn) => each === 3 * turn + i)).toBe(true);
    }
    host.assertConserved();
  });
});
