import { DropReason, Verdict } from '@fairlead/sdk';
import type { TestVm } from '@fairlead/sdk/testing';
import { testBatch, testVms } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import { LONGEST_WAIT_NS } from '../src/bucket-admission.ts';
import { ShapingFilter, type ShapingOptions } from '../src/index.ts';
import { times, written } from './given.ts';

/** 8 Mbit/s is one byte a microsecond. */
const BYTE_PER_US = 8e6;

function filter(options: Partial<ShapingOptions>, ...rows: TestVm[]) {
  const vms = testVms(rows.length === 0 ? [{}] : rows);
  const policy = new ShapingFilter(vms, written(options));
  const offer = (nowUs: number, bytes: readonly number[], vm = 0) => {
    const batch = testBatch(bytes, { vm, nowUs });
    policy.admit(batch);
    return batch;
  };
  return { vms, policy, offer };
}

describe('the allocation', () => {
  it('refuses the first byte over it and not the byte before', () => {
    const { offer } = filter({}, { limitBps: BYTE_PER_US, burstBytes: 3000 });
    expect(offer(0, [1500, 1500]).queuedFrom).toBe(2);
    expect(offer(999, [1000]).queuedFrom).toBe(0);
    expect(offer(1000, [1000, 1]).queuedFrom).toBe(1);
  });

  it('comes from the row of the VM; the options serve a VM that has none', () => {
    const { offer } = filter(
      { averageBps: BYTE_PER_US, burstBytes: 1000 },
      {},
      { limitBps: BYTE_PER_US / 2, burstBytes: 2000 },
    );
    const first = offer(0, [1000, 1000], 0);
    const second = offer(0, [1000, 1000, 1000], 1);
    expect([first.queuedFrom, first.retryAtUs]).toEqual([1, 1000]);
    expect([second.queuedFrom, second.retryAtUs]).toEqual([2, 2000]);
  });

  it('is read anew for every batch', () => {
    const { offer, vms } = filter({}, { limitBps: BYTE_PER_US, burstBytes: 1500 });
    expect(offer(0, [1500, 1500]).retryAtUs).toBe(1500);
    vms.limitBps[0] = BYTE_PER_US * 10;
    expect(offer(0, [1500]).retryAtUs).toBe(150);
    vms.burstBytes[0] = 15_000;
    expect(offer(10_000, times(11, 1500)).queuedFrom).toBe(10);
    vms.limitBps[0] = Number.POSITIVE_INFINITY;
    expect(offer(10_000, times(256, 1500)).queuedFrom).toBe(256);
  });

  it('is each VM’s own', () => {
    const { offer } = filter(
      {},
      { limitBps: BYTE_PER_US, burstBytes: 1500 },
      { limitBps: BYTE_PER_US, burstBytes: 1500 },
    );
    expect(offer(0, [1500, 60], 0).queuedFrom).toBe(1);
    expect(offer(0, [1500, 60], 1).queuedFrom).toBe(1);
  });

  it('is none where neither row nor options set one', () => {
    const { offer } = filter({});
    expect(offer(0, times(256, 65_535)).queuedFrom).toBe(256);
  });

  it('of 0 lets the burst go and then nothing, but keeps asking whether it was raised', () => {
    const { offer, vms } = filter({}, { limitBps: 0, burstBytes: 1500 });
    const batch = offer(0, [1500, 60]);
    expect([batch.queuedFrom, batch.retryAtUs]).toEqual([1, LONGEST_WAIT_NS / 1000]);
    expect(offer(3600e6, [60]).queuedFrom).toBe(0);
    vms.limitBps[0] = BYTE_PER_US;
    expect(offer(3600e6 + 60, [60]).queuedFrom).toBe(1);
  });

  it('that is not a number lets nothing go beyond the burst', () => {
    const { offer } = filter({}, { limitBps: Number.NaN, burstBytes: 100 });
    expect(offer(0, [100]).queuedFrom).toBe(1);
    expect(offer(3600e6, [60]).queuedFrom).toBe(0);
  });
});

describe('a frame that does not conform', () => {
  it('waits until the exact time at which it does, with all behind it', () => {
    const { offer } = filter({ averageBps: 3e6, burstBytes: 1500 });
    const batch = offer(7, [1500, 100, 14]);
    expect(batch.queuedFrom).toBe(1);
    // 800 bit at 3 Mbit/s: 266 2/3 µs, in whole nanoseconds.
    expect(batch.retryAtUs).toBe(7 + 266.667);
    expect(offer(7 + 266.666, [100]).queuedFrom).toBe(0);
    expect(offer(7 + 266.667, [100]).queuedFrom).toBe(1);
  });

  it('is not charged for while it waits', () => {
    const { offer } = filter({ averageBps: BYTE_PER_US, burstBytes: 1500 });
    offer(0, [1500]);
    for (let nowUs = 1; nowUs < 1000; nowUs++) expect(offer(nowUs, [1000]).queuedFrom).toBe(0);
    expect(offer(1000, [1000]).queuedFrom).toBe(1);
  });

  it('is dropped by the policer, which goes on to the next', () => {
    const { offer } = filter({ mode: 'police', averageBps: BYTE_PER_US, burstBytes: 1600 });
    const batch = offer(0, [1500, 1500, 60, 60, 40]);
    expect([...batch.verdict.subarray(0, 5)]).toEqual([
      Verdict.Admit,
      Verdict.Drop,
      Verdict.Admit,
      Verdict.Drop,
      Verdict.Admit,
    ]);
    expect(batch.reason[1]).toBe(DropReason.Policed);
    expect(batch.queuedFrom).toBe(5);
  });

  it('is dropped when it is larger than the bucket and so never could; what is behind it goes', () => {
    const { offer } = filter({ averageBps: BYTE_PER_US, burstBytes: 1000 });
    const batch = offer(0, [1001, 1000]);
    expect(batch.verdict[0]).toBe(Verdict.Drop);
    expect(batch.reason[0]).toBe(DropReason.Policed);
    expect([batch.drops, batch.queuedFrom]).toEqual([1, 2]);
  });

  it('is kept when only a peak rate is set, whatever the burst', () => {
    const { offer } = filter({ peakBps: BYTE_PER_US, burstBytes: 1000 });
    expect(offer(0, [1500, 1500]).drops).toBe(0);
  });
});

describe('the peak rate', () => {
  it('spaces the frames of a burst', () => {
    const { offer } = filter({ averageBps: BYTE_PER_US, burstBytes: 10_000, peakBps: BYTE_PER_US * 10 });
    const batch = offer(0, [1000, 1000]);
    expect([batch.queuedFrom, batch.retryAtUs]).toEqual([1, 100]);
    expect(offer(99.999, [1000]).queuedFrom).toBe(0);
    expect(offer(100, [1000, 1000]).queuedFrom).toBe(1);
  });

  it('lets a VM run ahead by the peak burst and one frame', () => {
    const { offer } = filter({ peakBps: BYTE_PER_US, peakBurstBytes: 2000 });
    expect(offer(0, [1000, 1000, 1000, 1000]).queuedFrom).toBe(3);
    expect(offer(0, [1000]).retryAtUs).toBe(1000);
  });

  it('gives way to the average when the burst is used up', () => {
    const { offer } = filter({ averageBps: BYTE_PER_US, burstBytes: 1000, peakBps: BYTE_PER_US * 10 });
    expect(offer(0, [1000, 1000]).retryAtUs).toBe(1000);
  });
});

it('charges the overhead of each frame', () => {
  const { offer } = filter({ averageBps: BYTE_PER_US, burstBytes: 1000, overheadBytes: 24 });
  const batch = offer(0, [476, 476, 60]);
  expect([batch.queuedFrom, batch.retryAtUs]).toEqual([2, 84]);
});

describe('a clock', () => {
  it('that jumps ahead by hours fills the bucket and no more', () => {
    const { offer } = filter({ averageBps: 100e9, burstBytes: 3000 });
    offer(0, [1500, 1500]);
    expect(offer(5 * 3600e6, [1500, 1500, 1]).queuedFrom).toBe(2);
  });

  it('that steps back by hours earns nothing for it and counts on from there', () => {
    const { offer } = filter({ averageBps: BYTE_PER_US, burstBytes: 1500 });
    expect(offer(5 * 3600e6, [1500, 1500]).queuedFrom).toBe(1);
    expect(offer(60, [1500]).retryAtUs).toBe(1560);
    expect(offer(1559, [1500]).queuedFrom).toBe(0);
    expect(offer(1560, [1500]).queuedFrom).toBe(1);
  });
});

it('fills a bucket of 1 GiB and not beyond', () => {
  const { offer } = filter({}, { limitBps: 1e12, burstBytes: 2 ** 40 });
  const offered = times(256, 65_536);
  for (let i = 0; i < 64; i++) expect(offer(0, offered).queuedFrom).toBe(256);
  expect(offer(0, [1]).queuedFrom).toBe(0);
});
