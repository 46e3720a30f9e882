import { testNics, testVms } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import { PendingLoad } from '../src/index.ts';
import { DEFAULTS, drain, drainUs, send } from './policy.ts';

const OPTIONS = { ...DEFAULTS, priority: true, priorityHoldUs: 1000 };
const [LOW, HIGH] = [0, 1];

function team(...pendingBytes: number[]) {
  const nics = testNics(pendingBytes.map(() => 1e9));
  nics.pendingBytes.set(pendingBytes);
  const vms = testVms([{ priority: 0 }, { priority: 5 }]);
  return { nics, vms, policy: new PendingLoad(nics, vms, OPTIONS) };
}

describe('pending-load with priority', () => {
  it('gives the least loaded NIC to the high VM and the next to the low one', () => {
    const { nics, policy } = team(90_000, 10_000, 30_000);
    expect(send(policy, nics, [64], { vm: HIGH })).toEqual([1]);
    expect(send(policy, nics, [64], { vm: LOW })).toEqual([2]);
    expect(send(policy, nics, [64], { vm: HIGH })).toEqual([1]);
  });

  it('swaps the two when only their priorities are swapped', () => {
    const { nics, vms, policy } = team(0, 30_000);
    vms.priority.set([5, 0]);
    expect(send(policy, nics, [64], { vm: LOW })).toEqual([0]);
    expect(send(policy, nics, [64], { vm: HIGH })).toEqual([1]);
  });

  it('shares all NICs among VMs of one priority', () => {
    const { nics, vms, policy } = team(0, 30_000);
    vms.priority.fill(3);
    expect(send(policy, nics, [64], { vm: LOW })).toEqual([0]);
    expect(send(policy, nics, [64], { vm: HIGH })).toEqual([0]);
  });

  it('gives the low VM every NIC once the high one has been silent for the hold time', () => {
    const { nics, policy } = team(0, 30_000);
    send(policy, nics, [64], { vm: HIGH, nowUs: 100 });
    expect(send(policy, nics, [64], { vm: LOW, nowUs: 1100 })).toEqual([1]);
    expect(send(policy, nics, [64], { vm: LOW, nowUs: 1101 })).toEqual([0]);
    expect(send(policy, nics, [64], { vm: HIGH, nowUs: 1102 })).toEqual([0]);
    expect(send(policy, nics, [64], { vm: LOW, nowUs: 1103 })).toEqual([1]);
  });

  it('leaves the low VM the only NIC there is', () => {
    const { nics, policy } = team(0, 0);
    nics.setAvailable(1);
    expect(send(policy, nics, [64], { vm: HIGH })).toEqual([1]);
    expect(send(policy, nics, [64], { vm: LOW })).toEqual([1]);
  });

  it('keeps a whole batch of the low VM off the NIC, and balances it over the others', () => {
    const { nics, policy } = team(0, 5000, 5000);
    send(policy, nics, [64], { vm: HIGH });
    const chosen = send(policy, nics, Array(40).fill(1514), { vm: LOW });
    expect([0, 1, 2].map((nic) => chosen.filter((other) => other === nic).length)).toEqual([0, 20, 20]);
  });

  it.each([
    [true, 'at most one frame'],
    [false, 'for its burst'],
  ])('priority %s: a high VM beside a low one that sends in bursts waits %s', (priority) => {
    const nics = testNics([1e9, 1e9]);
    const vms = testVms([{ priority: 0 }, { priority: 5 }]);
    const policy = new PendingLoad(nics, vms, { ...OPTIONS, priority });
    let worstUs = 0;
    for (let nowUs = 0; nowUs < 20_000; nowUs += 50) {
      if (nowUs % 400 === 0) send(policy, nics, Array(30).fill(1514), { vm: LOW, nowUs });
      const [nic] = send(policy, nics, [1514], { vm: HIGH, nowUs });
      // The first burst comes before the high VM has ever sent.
      if (nowUs >= 400) worstUs = Math.max(worstUs, drainUs(nics, nic));
      drain(nics, 50);
    }
    const frameUs = (1514 * 8e6) / 1e9;
    if (priority) expect(worstUs).toBeLessThan(2 * frameUs + 0.001);
    else expect(worstUs).toBeGreaterThan(10 * frameUs);
  });
});
