import { createInstance, testBatch, testVms } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import shapingFilter, { type ShapingFilter } from '../src/index.ts';

const METERS = ['token-bucket', 'srtcm', 'trtcm', 'trtcm-4115'] as const;

describe('a VM that comes from another host', () => {
  it.each(METERS)('has no burst twice: with %s it begins with what it earns from then on', (meter) => {
    // The peak bucket of a token bucket holds no more than a frame, whoever comes.
    const peakBps = meter === 'token-bucket' ? Number.POSITIVE_INFINITY : 8e6;
    const vms = testVms([{ limitBps: 8e6, peakBps, burstBytes: 3000 }]);
    const options = { meter, yellow: 'queue', red: 'queue', pbsBytes: 3000, ebsBytes: 0 };
    const policy = createInstance(shapingFilter, options, { vms }) as ShapingFilter;
    const admitted = (nowUs: number): number => {
      const batch = testBatch([1000, 1000, 1000, 1000], { nowUs });
      policy.admit(batch);
      return batch.queuedFrom;
    };
    policy.arrive(0, 1_000_000);
    expect(admitted(1_000_000)).toBe(0);
    expect(admitted(1_001_000)).toBe(1); // 8 Mbit/s are a byte a microsecond
    expect(admitted(2_000_000)).toBe(3); // and a full bucket is one again
  });

  it('leaves the buckets of its group as they are', () => {
    const vms = testVms([{ name: 'web' }, { name: 'db' }]);
    const options = { averageBps: 8e6, burstBytes: 3000, groups: [['web', 'db']] };
    const policy = createInstance(shapingFilter, options, { vms }) as ShapingFilter;
    policy.arrive(1, 1_000_000);
    const batch = testBatch([1000, 1000, 1000, 1000], { nowUs: 1_000_000 });
    policy.admit(batch);
    expect(batch.queuedFrom).toBe(3);
  });
});
