import shapingFilter from '@fairlead/admission-shaping-filter';
import { type Host, use } from '@fairlead/core';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import { describe, expect, it } from 'vitest';
import { frame, frames } from './support/frames.ts';
import { BYTE_PER_US, chosenNic, guest, MAC, nic, settle, simulatedHost, started } from './support/hosts.ts';

const LINK_POLL_US = 10_000;

describe('requirement 15: a resource manager shares between VMs, a NIC manager routes by both kinds of state', () => {
  function host(): Promise<Host> {
    return started(
      simulatedHost([1e9, 2e9], {
        a: { bandwidth: { limitBps: BYTE_PER_US, burstBytes: 1000, shares: 2, reservationBps: 1e6 } },
        b: { bandwidth: { priority: 1 } },
      })
        .admit(use(shapingFilter))
        .distribute(use(pendingLoad, { priority: true })),
    );
  }

  it('the resource manager tells and changes what each VM is allocated, and tells what it is entitled to', async () => {
    const one = await host();
    const { resources } = one;
    expect(resources.constructor.name).toBe('ResourceManager');
    expect(resources.allocation('a')).toEqual({
      reservationBps: 1e6,
      limitBps: BYTE_PER_US,
      peakBps: Number.POSITIVE_INFINITY,
      burstBytes: 1000,
      shares: 2,
      priority: 0,
    });
    resources.setAllocation('a', { limitBps: 2 * BYTE_PER_US, shares: 3, priority: 1 });
    expect(resources.allocation('a')).toMatchObject({ shares: 3, priority: 1, burstBytes: 1000 });
    expect(resources.entitlement('a')).toBe(2 * BYTE_PER_US);
    expect(resources.entitlement('b')).toBe(3e9 - 2 * BYTE_PER_US);
    expect(() => resources.setAllocation('a', { limitBps: -1 })).toThrow(/FAIRLEAD_ERR_CONFIG_INVALID/);
    expect(() => resources.allocation('nobody')).toThrow(/FAIRLEAD_ERR_UNKNOWN_VM/);
    expect(resources.allocation('a').limitBps).toBe(2 * BYTE_PER_US);
    one.assertConserved();
  });

  it('the NIC manager tells how each NIC is, and takes NICs out of service and puts them back', async () => {
    const one = await host();
    const { nics } = one;
    expect(nics.constructor.name).toBe('NicManager');
    guest(one, 'b').send(frame(MAC.b));
    settle(one);
    expect(
      nics.list().map(({ name, state, speedBps, txFrames, txBytes }) => [name, state, speedBps, txFrames, txBytes]),
    ).toEqual([
      ['nic0', 'up', 1e9, 0, 0],
      ['nic1', 'up', 2e9, 1, 1000],
    ]);
    expect(nics.capacityBps).toBe(3e9);
    const changes: string[] = [];
    one.on('nic', (change) => changes.push(`${change.nic} ${change.state}`));
    nics.setAdmin('nic1', false);
    expect(nics.status('nic1')).toMatchObject({ state: 'down', admin: false, carrier: true, available: false });
    nic(one, 'nic0').setLink(false);
    one.run(LINK_POLL_US);
    expect(nics.status('nic0')).toMatchObject({ state: 'down', admin: true, carrier: false, available: false });
    expect(nics.capacityBps).toBe(0);
    nics.setAdmin('nic1', true);
    expect(nics.capacityBps).toBe(2e9);
    expect(changes).toEqual(['nic1 down', 'nic0 down', 'nic1 up']);
    expect(() => nics.status('nic7')).toThrow(/FAIRLEAD_ERR_UNKNOWN_NIC/);
    one.assertConserved();
  });

  it('which NIC a frame is routed to turns on the state of the NICs alone, and on that of the VM alone', async () => {
    const one = await host();
    const route = (): string => {
      // So long that a's allocation has room for the next frame, and nothing is pending.
      one.run(LINK_POLL_US);
      guest(one, 'b').send(frame(MAC.b));
      settle(one);
      return chosenNic(one, () => guest(one, 'a').send(frame(MAC.a)));
    };
    expect(route()).toBe('nic0'); // the faster NIC is left to b, which has the higher priority
    one.resources.setAllocation('a', { priority: 2 });
    expect(route()).toBe('nic1');
    nic(one, 'nic0').setSpeed(4e9);
    one.run(LINK_POLL_US);
    expect(route()).toBe('nic0');
    one.assertConserved();
  });

  it('the resource manager decides how much goes, whichever NIC it is routed to', async () => {
    const one = await host();
    guest(one, 'a').sendAll(frames(50, MAC.a));
    settle(one);
    one.run(10_500);
    expect(one.vms.status('a').transmittedFrames).toBe(11);
    one.nics.setAdmin('nic1', false);
    one.run(10_000);
    expect(one.vms.status('a').transmittedFrames).toBe(21);
    one.assertConserved();
  });
});
