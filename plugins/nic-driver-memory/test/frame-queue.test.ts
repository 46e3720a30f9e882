import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameQueue } from '../src/frame-queue.ts';
import { frameOf } from './support.ts';

describe('a queue of frames on their way', () => {
  it('gives back what was put in, in order, for any lengths, addresses and mix of the two', () => {
    const push = fc.record({ bytes: fc.oneof(fc.nat(100), fc.nat(9000)), at: fc.nat(7), offset: fc.nat(7) });
    fc.assert(
      fc.property(fc.array(fc.option(push, { nil: undefined, freq: 2 }), { minLength: 1, maxLength: 200 }), (steps) => {
        const queue = new FrameQueue(32);
        const expected: { frame: Uint8Array; dueUs: number }[] = [];
        const target = new Uint8Array(10_000);
        for (const [i, step] of steps.entries()) {
          if (step === undefined) {
            const next = expected.shift();
            if (next === undefined) continue;
            expect([queue.dueUs, queue.headBytes]).toEqual([next.dueUs, next.frame.length]);
            target.fill(0xee);
            queue.shift(target, i & 7, 9001);
            expect(target.subarray(i & 7, (i & 7) + next.frame.length)).toEqual(next.frame);
            expect(target[(i & 7) + next.frame.length]).toBe(0xee);
          } else {
            const frame = frameOf(step.bytes, i);
            const memory = new Uint8Array(new ArrayBuffer(step.offset + step.at + step.bytes), step.offset);
            memory.set(frame, step.at);
            if (queue.push(memory, step.at, step.bytes, i)) expected.push({ frame, dueUs: i });
            else expect(expected.length).toBeGreaterThan(12);
          }
        }
        expect(queue.count).toBe(expected.length);
      }),
      { numRuns: 100 },
    );
  });

  it('refuses a frame beyond its bounds and stays as it was', () => {
    const queue = new FrameQueue(2);
    expect(queue.push(new Uint8Array(200_000), 0, 200_000, 0)).toBe(false);
    expect([queue.count, queue.dueUs]).toEqual([0, Number.POSITIVE_INFINITY]);
    expect(queue.push(new Uint8Array(60), 0, 60, 1)).toBe(true);
    expect(queue.push(new Uint8Array(60), 0, 60, 2)).toBe(true);
    expect(queue.push(new Uint8Array(60), 0, 60, 3)).toBe(false);
    expect([queue.count, queue.dueUs]).toEqual([2, 1]);
  });
});
