import { VmRunState } from '@fairlead/sdk';
import { testVms } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import type { Bandwidth } from '../../src/config.ts';
import type { NicManager } from '../../src/managers/nic-manager.ts';
import { ResourceManager, type UnmetReservation } from '../../src/managers/resource-manager.ts';

function given(vms: Parameters<typeof testVms>[0]) {
  const table = testVms(vms);
  const unmet: UnmetReservation[][] = [];
  const nics = { capacityBps: 1e9 };
  const manager = new ResourceManager(table, nics as NicManager, (list) => unmet.push([...list]));
  manager.recompute();
  return { table, nics, unmet, manager, entitled: () => [...table.entitledBps] };
}

describe('the resource manager', () => {
  it('entitles VMs by what the NICs have, and anew when that changes', () => {
    const { nics, manager, entitled } = given([{ shares: 1 }, { shares: 3 }]);
    expect(entitled()).toEqual([2.5e8, 7.5e8]);
    nics.capacityBps = 2e9;
    manager.recompute();
    expect(entitled()).toEqual([5e8, 15e8]);
    expect(manager.entitlement('vm1')).toBe(15e8);
  });

  it('entitles VMs that run, and no others', () => {
    const { table, manager, entitled } = given([{}, {}]);
    table.runState[0] = VmRunState.Suspended;
    manager.recompute();
    expect(entitled()).toEqual([0, 1e9]);
  });

  it('changes what it is told to and leaves the rest', () => {
    const { manager, entitled } = given([{ limitBps: 1e8, burstBytes: 5000 }, {}]);
    manager.setAllocation('vm0', { limitBps: 3e8, priority: 7 });
    expect(manager.allocation('vm0')).toEqual({
      reservationBps: 0,
      limitBps: 3e8,
      peakBps: Number.POSITIVE_INFINITY,
      burstBytes: 5000,
      shares: 1,
      priority: 7,
    });
    expect(entitled()).toEqual([3e8, 7e8]);
    manager.setAllocation('vm0', { limitBps: Number.POSITIVE_INFINITY, priority: 0 });
    expect(entitled()).toEqual([5e8, 5e8]);
    manager.setAllocation('vm1', { priority: 1 });
    expect(entitled()).toEqual([0, 1e9]);
  });

  it.each<[string, Partial<Bandwidth>]>([
    ['a negative reservation', { reservationBps: -1 }],
    ['a limit of nothing', { limitBps: 0 }],
    ['a peak of nothing', { peakBps: 0 }],
    ['no shares', { shares: 0 }],
    ['a burst that is no number', { burstBytes: Number.NaN }],
    ['a burst without end', { burstBytes: Number.POSITIVE_INFINITY }],
    ['a reservation of everything', { reservationBps: Number.POSITIVE_INFINITY }],
    ['shares without end', { shares: Number.POSITIVE_INFINITY }],
    ['a rate with a unit', { limitBps: '5Mbps' as unknown as number }],
  ])('refuses %s and changes nothing', (_, change) => {
    const { manager } = given([{ limitBps: 1e8 }, {}]);
    const before = manager.allocation('vm0');
    const [key] = Object.keys(change);
    expect(() => manager.setAllocation('vm0', { priority: 9, ...change })).toThrow(
      expect.objectContaining({
        code: 'FAIRLEAD_ERR_CONFIG_INVALID',
        where: 'bandwidth of VM vm0',
        message: expect.stringContaining(key),
      }),
    );
    expect(manager.allocation('vm0')).toEqual(before);
  });

  it('refuses a VM that is not there', () => {
    const { manager } = given([{}]);
    const unknown = expect.objectContaining({ code: 'FAIRLEAD_ERR_UNKNOWN_VM' });
    expect(() => manager.setAllocation('db', { shares: 2 })).toThrow(unknown);
    expect(() => manager.allocation('db')).toThrow(unknown);
    expect(() => manager.entitlement('db')).toThrow(unknown);
  });

  it('tells which reservations the NICs cannot meet', () => {
    const { nics, manager, unmet } = given([{ reservationBps: 6e8 }, { reservationBps: 3e8 }]);
    expect(unmet).toEqual([]);
    nics.capacityBps = 3e8;
    manager.recompute();
    expect(unmet).toHaveLength(1);
    expect(unmet[0].map(({ vm, reservationBps }) => [vm, reservationBps])).toEqual([
      ['vm0', 6e8],
      ['vm1', 3e8],
    ]);
    expect(unmet[0][0].entitledBps).toBeCloseTo(2e8, 3);
  });

  it('does not call a reservation unmet that its own limit cuts', () => {
    const { unmet } = given([{ reservationBps: 6e8, limitBps: 1e8 }]);
    expect(unmet).toEqual([]);
  });
});
