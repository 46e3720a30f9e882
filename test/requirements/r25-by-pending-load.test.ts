import { use } from '@fairlead/core';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import { describe, expect, it } from 'vitest';
import { frame, frames } from './support/frames.ts';
import { BYTE_PER_US, chosenNic, enableOnly, guest, MAC, settle, simulatedHost, started } from './support/hosts.ts';

const NICS = ['nic0', 'nic1'] as const;

describe('requirement 25: the NIC is selected by what is pending on the available ones', () => {
  it.each(['a', 'b', 'c'] as const)('for VM %s the choice follows the load, and nothing but the load', async (vm) => {
    const choices: string[] = [];
    for (const loaded of NICS) {
      const host = await started(
        simulatedHost([BYTE_PER_US, BYTE_PER_US], { a: {}, b: {}, c: {}, d: {} }).distribute(use(pendingLoad)),
      );
      enableOnly(host, [loaded]);
      guest(host, 'd').sendAll(frames(10, MAC.d));
      settle(host);
      enableOnly(host, NICS);
      expect(host.nics.status(loaded).pendingBytes).toBe(9000);
      choices.push(chosenNic(host, () => guest(host, vm).send(frame(MAC[vm]))));
      host.assertConserved();
    }
    expect(choices).toEqual(['nic1', 'nic0']);
  });

  it('the load that VMs make is what steers them: two that send at once share the NICs evenly', async () => {
    const host = await started(
      simulatedHost([BYTE_PER_US, BYTE_PER_US], { a: {}, b: {} }).distribute(use(pendingLoad, { grainBytes: 1 })),
    );
    for (let round = 0; round < 10; round++) {
      guest(host, 'a').sendAll(frames(10, MAC.a));
      guest(host, 'b').sendAll(frames(10, MAC.b, { bytes: 500 }));
      settle(host);
    }
    const [first, second] = host.nics.list().map((status) => status.txBytes + status.pendingBytes);
    expect(first + second).toBe(150_000);
    expect(Math.abs(first - second)).toBeLessThanOrEqual(1000);
    host.assertConserved();
  });
});
