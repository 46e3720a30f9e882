import { conformanceLaws, testBatch, testVms } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import plugin, { MyPlugin } from '../src/index.js';

describe('my-plugin', () => {
  it('lets a burst pass, then as much as the limit earns', () => {
    // 8 Mbit/s: a byte each microsecond.
    const policy = new MyPlugin(testVms([{ limitBps: 8e6 }]), { burstBytes: 2000 });
    const first = testBatch([1000, 1000, 1000, 1000]);
    policy.admit(first);
    expect([first.queuedFrom, first.retryAtUs]).toEqual([2, 1]);

    const later = testBatch([1000, 1000], { nowUs: 1500 });
    policy.admit(later);
    expect([later.queuedFrom, later.retryAtUs]).toEqual([2, 0]);
  });

  it('has a bucket for each VM', () => {
    const policy = new MyPlugin(testVms([{ limitBps: 8e6 }, { limitBps: 8e6 }]), { burstBytes: 1000 });
    policy.admit(testBatch([1000], { vm: 0 }));
    const other = testBatch([1000], { vm: 1 });
    policy.admit(other);
    expect(other.queuedFrom).toBe(1);
  });
});

// What the host relies on, tried on scenarios that are drawn from a seed; a failure tells the smallest one.
describe('my-plugin keeps the laws of its kind', () => {
  it.each(conformanceLaws(plugin))('$name', ({ check }) => check());
});
