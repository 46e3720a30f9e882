import { Verdict } from '@fairlead/sdk';
import { testBatch, testVms } from '@fairlead/sdk/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ShapingFilter } from '../src/index.ts';
import { ExactBucket, within } from './exact-bucket.ts';
import { written } from './given.ts';
import { type Frame, runOneVm } from './one-vm.ts';

const rateBps = fc.oneof(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 100_000, max: 100e9 }));
const burstBytes = fc.integer({ min: 60, max: 20_000 });
const gapNs = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: 50_000_000 }));
const arrivals = fc
  .array(fc.record({ gapNs, bytes: fc.integer({ min: 14, max: 9_000 }) }), { minLength: 1, maxLength: 60 })
  .map((steps) => {
    let atNs = 0;
    return steps.map((step): Frame => {
      atNs += step.gapNs;
      return { atNs, bytes: step.bytes };
    });
  });
const mode = fc.constantFrom('queue' as const, 'police' as const);

/** Calls `check` with the bytes and the length of every window that begins and ends with a frame: no other is tighter. */
function everyWindow(
  sent: readonly Frame[],
  check: (bytes: number, elapsedNs: number, last: Frame) => boolean,
): boolean {
  return sent.every((first, i) => {
    let bytes = 0;
    return sent.slice(i).every((last) => {
      bytes += last.bytes;
      return check(bytes, last.atNs - first.atNs, last);
    });
  });
}

describe('in every window', () => {
  it('a VM sends no more than burst + average · t', () => {
    fc.assert(
      fc.property(mode, rateBps, burstBytes, arrivals, (mode, averageBps, burst, frames) => {
        const policy = new ShapingFilter(testVms([{}]), written({ mode, averageBps, burstBytes: burst }));
        const { sent } = runOneVm(policy, frames, { untilNs: 60e9 });
        return everyWindow(sent, (bytes, elapsedNs) => within(bytes, burst, averageBps, elapsedNs));
      }),
      { numRuns: 300 },
    );
  });

  it('a VM sends no more than its peak burst, one frame and peak · t', () => {
    const peakBurst = fc.oneof(fc.constant(0), burstBytes);
    fc.assert(
      fc.property(mode, rateBps, peakBurst, arrivals, (mode, peakBps, peakBurstBytes, frames) => {
        const policy = new ShapingFilter(testVms([{}]), written({ mode, peakBps, peakBurstBytes }));
        const { sent } = runOneVm(policy, frames, { untilNs: 60e9 });
        return everyWindow(sent, (bytes, elapsedNs, last) =>
          within(bytes, peakBurstBytes + last.bytes, peakBps, elapsedNs),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('a VM with both keeps both, also when its rates are columns of its row', () => {
    fc.assert(
      fc.property(mode, rateBps, rateBps, burstBytes, arrivals, (mode, limitBps, peakBps, burst, frames) => {
        const vms = testVms([{ limitBps, peakBps, burstBytes: burst }]);
        const { sent } = runOneVm(new ShapingFilter(vms, written({ mode })), frames, { untilNs: 60e9 });
        return everyWindow(
          sent,
          (bytes, elapsedNs, last) =>
            within(bytes, burst, limitBps, elapsedNs) && within(bytes, last.bytes, peakBps, elapsedNs),
        );
      }),
      { numRuns: 300 },
    );
  });
});

describe('against the token bucket in unbounded integers', () => {
  it('the policer passes exactly the frames that conform', () => {
    fc.assert(
      fc.property(rateBps, burstBytes, arrivals, (averageBps, burst, frames) => {
        const policy = new ShapingFilter(testVms([{}]), written({ mode: 'police', averageBps, burstBytes: burst }));
        const exact = new ExactBucket(averageBps, burst);
        for (const { atNs, bytes } of frames) {
          const batch = testBatch([bytes], { nowUs: atNs / 1000 });
          policy.admit(batch);
          exact.refill(atNs);
          const conforms = exact.holds(bytes);
          if (conforms) exact.take(bytes);
          expect(batch.verdict[0]).toBe(conforms ? Verdict.Admit : Verdict.Drop);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('the shaper sends each frame in order at the first nanosecond at which it conforms', () => {
    const quick = fc.integer({ min: 1_000_000, max: 100e9 });
    fc.assert(
      fc.property(quick, burstBytes, arrivals, (averageBps, burst, frames) => {
        const policy = new ShapingFilter(testVms([{}]), written({ averageBps, burstBytes: burst }));
        const { sent, dropped } = runOneVm(policy, frames);
        expect(dropped.map((frame) => frame.bytes)).toEqual(frames.map((f) => f.bytes).filter((b) => b > burst));

        const fitting = frames.filter((frame) => frame.bytes <= burst);
        expect(sent.map((frame) => frame.bytes)).toEqual(fitting.map((frame) => frame.bytes));
        const exact = new ExactBucket(averageBps, burst);
        let previousNs = 0;
        for (const [i, { atNs, bytes }] of sent.entries()) {
          const readyNs = Math.max(fitting[i].atNs, previousNs);
          if (atNs > readyNs) {
            exact.refill(atNs - 1);
            expect(exact.holds(bytes)).toBe(false);
          }
          exact.refill(atNs);
          expect(exact.holds(bytes)).toBe(true);
          exact.take(bytes);
          previousNs = atNs;
        }
      }),
      { numRuns: 300 },
    );
  });
});
