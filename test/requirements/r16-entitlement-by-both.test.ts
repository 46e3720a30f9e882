import proportionalShare from '@fairlead/admission-proportional-share';
import { type Host, type UnmetReservation, use } from '@fairlead/core';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import { describe, expect, it } from 'vitest';
import { MAC, nic, simulatedHost, started, type VmName } from './support/hosts.ts';

const LINK_POLL_US = 10_000;

describe('requirement 16: how resources are shared follows from the state of the NICs and of the VMs', () => {
  function shared(
    vms: Parameters<typeof simulatedHost>[1] = { a: {}, b: { bandwidth: { shares: 3 } } },
  ): Promise<Host> {
    return started(simulatedHost([1e9, 1e9], vms));
  }

  function entitlements(host: Host): Record<string, number> {
    return Object.fromEntries(host.vms.list().map(({ name }) => [name, host.resources.entitlement(name)]));
  }

  it('a share changes when nothing but the state of a NIC changes', async () => {
    const host = await shared();
    expect(entitlements(host)).toEqual({ a: 0.5e9, b: 1.5e9 });

    nic(host, 'nic1').setLink(false);
    host.run(LINK_POLL_US);
    expect(entitlements(host)).toEqual({ a: 0.25e9, b: 0.75e9 });
    nic(host, 'nic1').setLink(true);
    host.run(LINK_POLL_US);
    expect(entitlements(host)).toEqual({ a: 0.5e9, b: 1.5e9 });

    host.nics.setAdmin('nic0', false);
    expect(entitlements(host)).toEqual({ a: 0.25e9, b: 0.75e9 });
    host.nics.setAdmin('nic1', false);
    expect(entitlements(host)).toEqual({ a: 0, b: 0 });
    host.nics.setAdmin('nic0', true);
    host.nics.setAdmin('nic1', true);
    expect(entitlements(host)).toEqual({ a: 0.5e9, b: 1.5e9 });

    nic(host, 'nic0').setSpeed(5e9);
    host.run(LINK_POLL_US);
    expect(entitlements(host)).toEqual({ a: 1.5e9, b: 4.5e9 });
    host.assertConserved();
  });

  it('a share changes when nothing but the state of a VM changes', async () => {
    const host = await shared();
    await host.vms.suspend('b');
    expect(entitlements(host)).toEqual({ a: 2e9, b: 0 });
    await host.vms.resume('b');
    expect(entitlements(host)).toEqual({ a: 0.5e9, b: 1.5e9 });
    host.resources.setAllocation('a', { priority: 1 });
    expect(entitlements(host)).toEqual({ a: 2e9, b: 0 });
    host.resources.setAllocation('a', { shares: 3, priority: 0 });
    expect(entitlements(host)).toEqual({ a: 1e9, b: 1e9 });
    host.resources.setAllocation('b', { limitBps: 0.5e9 });
    expect(entitlements(host)).toEqual({ a: 1.5e9, b: 0.5e9 });
    host.resources.setAllocation('a', { reservationBps: 1.75e9 });
    expect(entitlements(host)).toEqual({ a: 1.875e9, b: 0.125e9 });
    await host.vms.stop('a');
    expect(entitlements(host)).toEqual({ a: 0, b: 0.5e9 });
    host.assertConserved();
  });

  it('a reservation that the NICs left can no longer meet is told', async () => {
    const host = await shared({ a: { bandwidth: { reservationBps: 1.2e9 } }, b: {} });
    const told: UnmetReservation[] = [];
    host.on('reservation-unmet', (unmet) => told.push(...unmet));
    expect(entitlements(host)).toEqual({ a: 1.6e9, b: 0.4e9 });
    host.nics.setAdmin('nic0', false);
    expect(told).toEqual([{ vm: 'a', reservationBps: 1.2e9, entitledBps: 1e9 }]);
    host.assertConserved();
  });

  it('what the VMs are then sent is so shared: half of it when half of the NICs is lost', async () => {
    const offered = { rateBps: 40e6, destination: '02:00:00:ff:ff:01' };
    const host = await started(
      simulatedHost([10e6, 10e6], {
        a: { traffic: offered },
        b: { traffic: offered, bandwidth: { shares: 3 } },
      })
        .admit(use(proportionalShare))
        .distribute(use(pendingLoad)),
    );
    const ratesIn = (seconds: number): Record<string, number> => {
      const names = Object.keys(MAC).filter((name): name is VmName => name === 'a' || name === 'b');
      const before = names.map((name) => host.vms.status(name).transmittedBytes);
      host.run(seconds * 1e6);
      return Object.fromEntries(
        names.map((name, i) => [name, ((host.vms.status(name).transmittedBytes - before[i]) * 8) / seconds]),
      );
    };
    host.run(1e6);
    const both = ratesIn(10);
    host.nics.setAdmin('nic1', false);
    host.run(1e6);
    const one = ratesIn(10);
    for (const [measured, capacityBps] of [
      [both, 20e6],
      [one, 10e6],
    ] as const) {
      expect(Math.abs(measured['a'] / (capacityBps / 4) - 1)).toBeLessThan(0.01);
      expect(Math.abs(measured['b'] / ((capacityBps * 3) / 4) - 1)).toBeLessThan(0.01);
    }
    host.assertConserved();
  });
});
