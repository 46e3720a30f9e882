import proportionalShare from '@fairlead/admission-proportional-share';
import { type Host, use } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { type SimulatedVm, simulatedHost, started, type VmName } from '../requirements/support/hosts.ts';

const VMS = ['a', 'b', 'c'] as const;
const LINE_BPS = 100e6;

type Bandwidth = NonNullable<SimulatedVm['bandwidth']>;

/** Three VMs, each with more to send than the only NIC can carry. */
async function backlogged(bandwidth: Record<(typeof VMS)[number], Bandwidth>): Promise<Host> {
  const vms: Partial<Record<VmName, SimulatedVm>> = {};
  for (const vm of VMS) vms[vm] = { traffic: { rateBps: LINE_BPS, frameBytes: 1500 }, bandwidth: bandwidth[vm] };
  return started(simulatedHost([LINE_BPS], vms).admit(use(proportionalShare)));
}

/** Part of the line that each VM had in two seconds, after half a second that is not looked at. */
function partsOf(host: Host): number[] {
  host.run(500_000);
  const before = VMS.map((vm) => host.vms.status(vm).transmittedBytes);
  host.run(2e6);
  const sent = VMS.map((vm, i) => host.vms.status(vm).transmittedBytes - before[i]);
  expect(VMS.every((vm) => host.vms.status(vm).backlogFrames > 0)).toBe(true);
  const total = sent.reduce((sum, bytes) => sum + bytes);
  expect((total * 8) / 2).toBeGreaterThan(0.98 * LINE_BPS);
  return sent.map((bytes) => bytes / total);
}

/** The widest gap between a part and what the weights say of it, as a part of the latter. */
function widestGap(parts: readonly number[], weights: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight);
  return Math.max(...parts.map((part, i) => Math.abs((part * total) / weights[i] - 1)));
}

describe('case 35: Linux sch_ets, three bands that always have frames waiting', () => {
  it.each([
    ['3300 each', [3300, 3300, 3300]],
    ['5000, 3500 and 1500', [5000, 3500, 1500]],
  ] as const)('case 35: shares of %s divide the line within 15%%', async (_shares, [a, b, c]) => {
    const host = await backlogged({ a: { shares: a }, b: { shares: b }, c: { shares: c } });
    expect(widestGap(partsOf(host), [a, b, c])).toBeLessThan(0.15);
    host.assertConserved();
  });

  it('case 35: shares changed to 8000 while the host runs hold from then on', async () => {
    const host = await backlogged({ a: { shares: 5000 }, b: { shares: 3500 }, c: { shares: 1500 } });
    host.run(1e6);
    host.resources.setAllocation('b', { shares: 8000 });
    expect(widestGap(partsOf(host), [5000, 8000, 1500])).toBeLessThan(0.15);
    host.assertConserved();
  });

  it('case 35: a band of higher priority has more than 95% of the line, those below less than 5% together', async () => {
    const host = await backlogged({ a: { priority: 2 }, b: { priority: 1, shares: 8000 }, c: { shares: 1500 } });
    const [a, b, c] = partsOf(host);
    expect(a).toBeGreaterThan(0.95);
    expect(b + c).toBeLessThan(0.05);
    host.assertConserved();
  });
});
