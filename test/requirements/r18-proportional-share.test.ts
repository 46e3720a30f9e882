import proportionalShare from '@fairlead/admission-proportional-share';
import { type Host, use } from '@fairlead/core';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import { describe, expect, it } from 'vitest';
import { type SimulatedVm, simulatedHost, started, type VmName } from './support/hosts.ts';

/** The stated bound: over 10 s every VM is within this of what its shares come to. */
const BOUND = 0.01;
const SECONDS = 10;
const CAPACITY_BPS = 20e6;

/** Jain's index of fairness: 1 when all have the same (Jain, Chiu & Hawe 1984). */
function jain(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  const squares = values.reduce((total, value) => total + value * value, 0);
  return (sum * sum) / (values.length * squares);
}

function contention(
  bandwidth: Partial<Record<VmName, SimulatedVm['bandwidth']>>,
  frameBytes: number[] = [],
): Promise<Host> {
  const vms: Partial<Record<VmName, SimulatedVm>> = {};
  for (const [i, [name, share]] of Object.entries(bandwidth).entries()) {
    const traffic = { rateBps: CAPACITY_BPS, frameBytes: frameBytes[i] ?? 1514 };
    vms[name as VmName] = { traffic, bandwidth: share ?? {} };
  }
  return started(simulatedHost([CAPACITY_BPS], vms).admit(use(proportionalShare)).distribute(use(pendingLoad)));
}

/** Rates over 10 s, in bit/s, in the order of the VMs. */
function measure(host: Host): number[] {
  const sent = (): number[] => host.vms.list().map((vm) => vm.transmittedBytes);
  host.run(1e6);
  const before = sent();
  host.run(SECONDS * 1e6);
  return sent().map((bytes, i) => ((bytes - before[i]) * 8) / SECONDS);
}

function expectWithin(measured: readonly number[], expected: readonly number[]): void {
  for (const [i, rateBps] of expected.entries()) expect(Math.abs(measured[i] / rateBps - 1)).toBeLessThan(BOUND);
}

describe('requirement 18: resources are shared in proportion', () => {
  it('every VM has its part by its shares within 1 %, and nothing is left unused', async () => {
    const host = await contention({ a: { shares: 1 }, b: { shares: 2 }, c: { shares: 4 }, d: { shares: 1 } });
    const rates = measure(host);
    expectWithin(
      rates,
      [1, 2, 4, 1].map((shares) => (shares * CAPACITY_BPS) / 8),
    );
    expect(jain([rates[0], rates[1] / 2, rates[2] / 4, rates[3]])).toBeGreaterThanOrEqual(0.999);
    expect(rates.reduce((sum, rate) => sum + rate) / CAPACITY_BPS).toBeGreaterThan(0.99);
    host.assertConserved();
  });

  it('in bytes, whatever the lengths of the frames', async () => {
    const host = await contention({ a: { shares: 1 }, b: { shares: 1 }, c: { shares: 2 } }, [200, 1514, 700]);
    const rates = measure(host);
    expectWithin(
      rates,
      [1, 1, 2].map((shares) => (shares * CAPACITY_BPS) / 4),
    );
    host.assertConserved();
  });

  it('after the shares have changed, by the new ones', async () => {
    const host = await contention({ a: { shares: 1 }, b: { shares: 1 } });
    expectWithin(measure(host), [CAPACITY_BPS / 2, CAPACITY_BPS / 2]);
    host.resources.setAllocation('a', { shares: 3 });
    expectWithin(measure(host), [(CAPACITY_BPS * 3) / 4, CAPACITY_BPS / 4]);
    host.assertConserved();
  });

  it('a reservation goes before the shares, and a limit caps them', async () => {
    const host = await contention({
      a: { shares: 1, reservationBps: 8e6 },
      b: { shares: 10 },
      c: { shares: 10, limitBps: 2e6 },
    });
    const [a, b, c] = measure(host);
    expect(a).toBeGreaterThanOrEqual(8e6 * (1 - BOUND));
    expect(c).toBeLessThanOrEqual(2e6 * (1 + BOUND));
    expectWithin([c], [2e6]);
    expectWithin([a + b], [18e6]);
    host.assertConserved();
  });

  it('what one VM leaves, the others have', async () => {
    const host = await contention({ a: { shares: 1 }, b: { shares: 1 }, c: { shares: 2 } });
    await host.vms.suspend('c');
    const rates = measure(host);
    expectWithin(rates.slice(0, 2), [CAPACITY_BPS / 2, CAPACITY_BPS / 2]);
    expect(rates[2]).toBe(0);
    host.assertConserved();
  });
});
