import { testNics, testVms } from '@fairlead/sdk/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PendingLoad } from '../src/index.ts';
import { ReservedHomes } from '../src/reserved-homes.ts';
import { DEFAULTS, send } from './policy.ts';

const OPTIONS = { ...DEFAULTS, reservations: true };

describe('pending-load with reservations', () => {
  it('keeps a VM on a NIC that its reservation fits, however loaded', () => {
    const nics = testNics([1e9, 10e9]);
    const policy = new PendingLoad(nics, testVms([{ reservationBps: 2e9 }]), OPTIONS);
    nics.pendingBytes[1] = 1e6;
    expect(send(policy, nics, [64, 1514, 64])).toEqual([1, 1, 1]);
  });

  it('moves a VM when only its reservation changes', () => {
    const nics = testNics([4e9, 10e9]);
    const vms = testVms([{ reservationBps: 7e9 }, { reservationBps: 3.5e9 }]);
    const policy = new PendingLoad(nics, vms, OPTIONS);
    expect(send(policy, nics, [64], { vm: 0 })).toEqual([1]);
    expect(send(policy, nics, [64], { vm: 1 })).toEqual([0]);
    vms.reservationBps[0] = 1e9;
    vms.reservationBps[1] = 8e9;
    expect(send(policy, nics, [64], { vm: 0 })).toEqual([1]);
    expect(send(policy, nics, [64], { vm: 1 })).toEqual([1]);
  });

  it('sends a VM without a reservation, or with one that fits nowhere, by load alone', () => {
    const nics = testNics([1e9, 1e9]);
    nics.pendingBytes[0] = 50_000;
    const policy = new PendingLoad(nics, testVms([{}, { reservationBps: 2e9 }]), OPTIONS);
    expect(send(policy, nics, [64], { vm: 0 })).toEqual([1]);
    expect(send(policy, nics, [64], { vm: 1 })).toEqual([1]);
    nics.pendingBytes.set([0, 50_000]);
    expect(send(policy, nics, [64], { vm: 0 })).toEqual([0]);
    expect(send(policy, nics, [64], { vm: 1 })).toEqual([0]);
  });

  it('pays no heed to reservations unless it is told to', () => {
    const nics = testNics([1e9, 10e9]);
    nics.pendingBytes[1] = 1e6;
    const policy = new PendingLoad(nics, testVms([{ reservationBps: 2e9 }]), DEFAULTS);
    expect(send(policy, nics, [64])).toEqual([0]);
  });
});

describe('reserved homes', () => {
  it('go to the NIC with the most unreserved capacity', () => {
    const nics = testNics([10e9, 6e9]);
    const homes = new ReservedHomes(nics, testVms(Array.from({ length: 4 }, () => ({ reservationBps: 3e9 }))));
    expect([0, 1, 2, 3].map((vm) => homes.of(vm))).toEqual([0, 0, 1, 0]);
  });

  it('stay when another NIC would have more room now', () => {
    const nics = testNics([2e9, 2e9]);
    const vms = testVms([{ reservationBps: 1e9 }, { reservationBps: 1e9 }, { reservationBps: 1e9 }]);
    const homes = new ReservedHomes(nics, vms);
    expect([0, 1, 2].map((vm) => homes.of(vm))).toEqual([0, 1, 0]);
    vms.reservationBps[1] = 0;
    expect([1, 0, 2].map((vm) => homes.of(vm))).toEqual([-1, 0, 0]);
  });

  it('move with a NIC that goes down, and do not run back when it returns', () => {
    const nics = testNics([2e9, 2e9]);
    const homes = new ReservedHomes(nics, testVms([{ reservationBps: 1e9 }]));
    expect(homes.of(0)).toBe(0);
    nics.setAvailable(1);
    expect(homes.of(0)).toBe(1);
    nics.setAvailable(0, 1);
    expect(homes.of(0)).toBe(1);
  });

  it('are found again, once there is room, for a VM that lost its own', () => {
    const nics = testNics([2e9, 2e9]);
    const homes = new ReservedHomes(nics, testVms([{ reservationBps: 2e9 }, { reservationBps: 2e9 }]));
    expect([homes.of(0), homes.of(1)]).toEqual([0, 1]);
    nics.setAvailable(0);
    expect([homes.of(0), homes.of(1)]).toEqual([0, -1]);
    nics.setAvailable(0, 1);
    expect([homes.of(0), homes.of(1)]).toEqual([0, 1]);
  });

  it('are given up when a NIC comes down to a speed under what is reserved on it', () => {
    const nics = testNics([10e9, 5e9]);
    const homes = new ReservedHomes(nics, testVms([{ reservationBps: 4e9 }]));
    expect(homes.of(0)).toBe(0);
    nics.speedBps[0] = 1e9;
    expect(homes.of(0)).toBe(1);
  });

  it('law: what is reserved on a NIC by its VMs never exceeds its speed, and no home is unavailable', () => {
    const change = fc.record({
      vm: fc.nat(9),
      reservationBps: fc.integer({ min: 0, max: 12 }).map((gbps) => gbps * 1e9),
      available: fc.subarray([0, 1, 2, 3], { minLength: 1 }),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 40 }), (changes) => {
        const nics = testNics([1e9, 5e9, 10e9, 10e9]);
        const vms = testVms(Array.from({ length: 10 }, () => ({})));
        const homes = new ReservedHomes(nics, vms);
        for (const { vm, reservationBps, available } of changes) {
          vms.reservationBps[vm] = reservationBps;
          if (available.join() !== nics.available.subarray(0, nics.availableCount).join())
            nics.setAvailable(...available);
          const reservedBps = [0, 0, 0, 0];
          for (let one = 0; one < vms.count; one++) {
            const home = homes.of(one);
            if (home < 0) continue;
            expect(available).toContain(home);
            reservedBps[home] += vms.reservationBps[one];
          }
          for (const nic of [0, 1, 2, 3]) expect(reservedBps[nic]).toBeLessThanOrEqual(nics.speedBps[nic]);
        }
      }),
    );
  });
});
