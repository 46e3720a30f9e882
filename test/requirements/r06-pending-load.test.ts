import { use } from '@fairlead/core';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import { describe, expect, it } from 'vitest';
import { frame, frames } from './support/frames.ts';
import { BYTE_PER_US, chosenNic, enableOnly, guest, MAC, settle, simulatedHost, started } from './support/hosts.ts';

const NICS = ['nic0', 'nic1', 'nic2'];

describe('requirement 6: the state of the NICs says what is pending on each of those available', () => {
  it.each(NICS)('with %s the only one that is idle, it is the one selected: nothing else differs', async (idle) => {
    const host = await started(
      simulatedHost([BYTE_PER_US, BYTE_PER_US, BYTE_PER_US], { a: {}, b: {} }).distribute(use(pendingLoad)),
    );
    const loaded = NICS.filter((name) => name !== idle);
    enableOnly(host, loaded);
    guest(host, 'b').sendAll(frames(22, MAC.b));
    settle(host);
    enableOnly(host, NICS);

    // The first frame of each is on the line already.
    const pending = Object.fromEntries(host.nics.list().map(({ name, pendingBytes }) => [name, pendingBytes]));
    expect(pending[idle]).toBe(0);
    expect(loaded.map((name) => pending[name]).sort()).toEqual([11_000, 9000]);
    expect(chosenNic(host, () => guest(host, 'a').send(frame(MAC.a)))).toBe(idle);
    host.assertConserved();
  });

  it('what is pending falls as the NIC sends, to the byte', async () => {
    const host = await started(simulatedHost([BYTE_PER_US], { a: {} }));
    guest(host, 'a').sendAll(frames(5, MAC.a));
    const pending: number[] = [];
    settle(host);
    for (let ms = 0; ms < 6; ms++) {
      pending.push(host.nics.status('nic0').pendingBytes);
      host.run(1000, 1000);
    }
    expect(pending).toEqual([4000, 3000, 2000, 1000, 0, 0]);
    expect(host.nics.status('nic0').txBytes).toBe(5000);
    host.assertConserved();
  });
});
