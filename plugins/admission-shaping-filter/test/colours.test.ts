import { DropReason, Verdict } from '@fairlead/sdk';
import { type TestVm, testBatch, testVms } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import { LONGEST_WAIT_NS } from '../src/bucket-admission.ts';
import { ShapingFilter, type ShapingOptions } from '../src/index.ts';
import { times, written } from './given.ts';

/* One byte a millisecond; green, yellow and red in turn for frames of 1000 bytes. */
const METER = { meter: 'srtcm', cirBps: 8000, cbsBytes: 1000, ebsBytes: 1000 } as const;

function filter(options: Partial<ShapingOptions>, row: TestVm = {}) {
  const vms = testVms([row]);
  const policy = new ShapingFilter(vms, written({ ...METER, ...options }));
  const offer = (nowUs: number, ...bytes: number[]) => {
    const batch = testBatch(bytes, { nowUs });
    policy.admit(batch);
    return batch;
  };
  return { vms, offer };
}

const verdicts = (batch: { verdict: Uint8Array; count: number }) => [...batch.verdict.subarray(0, batch.count)];

describe('what is done with a colour', () => {
  it('is to admit green and yellow and to drop red, unless said otherwise', () => {
    const batch = filter({}).offer(0, 1000, 1000, 1000);
    expect(verdicts(batch)).toEqual([Verdict.Admit, Verdict.Admit, Verdict.Drop]);
    expect(batch.reason[2]).toBe(DropReason.Policed);
  });

  it('can be to queue red until it is yellow', () => {
    const { offer } = filter({ meter: 'trtcm-4115', red: 'queue', eirBps: 16_000 });
    const batch = offer(0, 1000, 1000, 50);
    expect([batch.queuedFrom, batch.retryAtUs, batch.drops]).toEqual([2, 25_000, 0]);
    expect(offer(24_999.999, 50).queuedFrom).toBe(0);
    expect(offer(25_000, 50).queuedFrom).toBe(1);
  });

  it('can be to queue yellow and red until they are green', () => {
    const { offer } = filter({ yellow: 'queue', red: 'queue' });
    const batch = offer(0, 1000, 60);
    expect([batch.queuedFrom, batch.retryAtUs]).toEqual([1, 60_000]);
    expect(offer(60_000, 60).queuedFrom).toBe(1);
  });

  it('can be to drop yellow, which then takes nothing from the peak of green', () => {
    const { offer } = filter({ meter: 'trtcm', yellow: 'drop', pirBps: 8000, pbsBytes: 2000 });
    expect(verdicts(offer(0, 1000, 1000, 1000))).toEqual([Verdict.Admit, Verdict.Drop, Verdict.Drop]);
    expect(verdicts(offer(1_000_000, 1000))).toEqual([Verdict.Admit]);
  });

  it('can be to admit red, so that the meter only counts', () => {
    expect(filter({ red: 'admit' }).offer(0, 1000, 1000, 1000, 9000).drops).toBe(0);
  });
});

it('a frame that waits is not charged for', () => {
  const { offer } = filter({ yellow: 'queue', red: 'queue' });
  offer(0, 1000);
  for (let ms = 1; ms < 500; ms++) expect(offer(ms * 1000, 500).queuedFrom).toBe(0);
  expect(offer(500_000, 500).queuedFrom).toBe(1);
});

it.each(['srtcm', 'trtcm', 'trtcm-4115'] as const)(
  '%s: a frame that no bucket holds is dropped, not queued',
  (meter) => {
    const { offer } = filter({ meter, yellow: 'queue', red: 'queue', pirBps: 8000, pbsBytes: 1000 });
    const batch = offer(0, 1001, 1000);
    expect(verdicts(batch)).toEqual([Verdict.Drop, Verdict.Admit]);
  },
);

it('asks again after a while at the latest, since the limit may be raised', () => {
  const { offer, vms } = filter({ yellow: 'queue', red: 'queue' });
  expect(offer(0, 1000, 1000).retryAtUs).toBe(LONGEST_WAIT_NS / 1000);
  vms.limitBps[0] = 8e6;
  expect(offer(0, 1000).retryAtUs).toBe(1000);
});

describe('the row of the VM', () => {
  it('goes before the options: limit for CIR, burst for CBS, peak for PIR', () => {
    const row = { limitBps: 8e6, burstBytes: 500, peakBps: 16e6 };
    const { offer } = filter({ meter: 'trtcm', yellow: 'queue', red: 'queue', pbsBytes: 1000 }, row);
    expect(offer(0, 500, 500).retryAtUs).toBe(500);
    expect(offer(0, 501).drops).toBe(1);
  });

  it('without a limit, and no CIR in the options, leaves the VM unmetered', () => {
    expect(filter({ cirBps: 0 }).offer(0, ...times(200, 9000)).drops).toBe(0);
  });

  it('without a peak, and no PIR in the options, makes nothing red', () => {
    const { offer } = filter({ meter: 'trtcm', pbsBytes: 1000 });
    expect(offer(0, ...times(200, 9000)).drops).toBe(0);
  });
});

it('charges the overhead of each frame', () => {
  expect(verdicts(filter({ yellow: 'drop', overheadBytes: 20 }).offer(0, 980, 1))).toEqual([
    Verdict.Admit,
    Verdict.Drop,
  ]);
  expect(verdicts(filter({ yellow: 'drop', overheadBytes: 20 }).offer(0, 981))).toEqual([Verdict.Drop]);
});
