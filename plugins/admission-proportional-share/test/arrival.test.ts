import { testBatch, testNics, testVms } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import { ProportionalShare } from '../src/index.ts';
import { written } from './simulated-host.ts';

const FRAMES = [1000, 1000, 1000, 1000, 1000];

function begun(row: Parameters<typeof testVms>[0][number], pendingBytes = 0) {
  const nics = testNics([1e9]);
  nics.pendingBytes[0] = pendingBytes;
  const policy = new ProportionalShare(nics, testVms([row, row]), written({ targetUs: 10, leastBytes: 6072 }));
  const admitted = (vm: number, nowUs: number) => {
    const batch = testBatch(FRAMES, { vm, nowUs });
    policy.sweep(nowUs);
    policy.admit(batch);
    return batch;
  };
  return { policy, admitted };
}

describe('a VM that comes from another host', () => {
  it('has the burst of its limit no second time: it begins with what it earns from then on', () => {
    const { policy, admitted } = begun({ limitBps: 8e6, burstBytes: 3000 });
    policy.arrive(0, 1_000_000);
    const first = admitted(0, 1_000_000);
    expect([first.queuedFrom, first.retryAtUs]).toEqual([0, 1_001_000]); // 8 Mbit/s are a byte a microsecond
    expect(admitted(0, 1_001_000).queuedFrom).toBe(1);
    expect(admitted(0, 2_000_000).queuedFrom).toBe(3); // and a full bucket is one again
  });

  it('has no saved reservation either, which it would have beyond the target', () => {
    // 6072 bytes wait: nothing goes but what is reserved, of which a full bucket of 3036 bytes lets three frames go.
    const { policy, admitted } = begun({ reservationBps: 8e6 }, 6072);
    policy.arrive(0, 1_000_000);
    expect(admitted(0, 1_000_000).queuedFrom).toBe(0);
    expect(admitted(1, 1_000_000).queuedFrom).toBe(3);
    expect(admitted(0, 1_002_000).queuedFrom).toBe(2);
  });

  it('leaves the buckets of others as they are', () => {
    const { policy, admitted } = begun({ limitBps: 8e6, burstBytes: 3000 });
    policy.arrive(0, 1_000_000);
    expect(admitted(1, 1_000_000).queuedFrom).toBe(3);
  });

  it('is asked for a debt that it left when it was here before, and no more than that', () => {
    // The bucket is 100 bytes deep: a full one lets a frame of 1000 go, and is 900 bytes in debt.
    const { policy, admitted } = begun({ limitBps: 8e6, burstBytes: 100 });
    expect(admitted(0, 1_000_000).queuedFrom).toBe(1);
    policy.arrive(0, 1_000_400);
    expect(admitted(0, 1_000_999).queuedFrom).toBe(0);
    expect(admitted(0, 1_001_000).queuedFrom).toBe(1);
  });

  it('has all that it likes when nothing limits it', () => {
    const { policy, admitted } = begun({});
    policy.arrive(0, 1_000_000);
    expect(admitted(0, 1_000_000).queuedFrom).toBe(5);
  });
});
