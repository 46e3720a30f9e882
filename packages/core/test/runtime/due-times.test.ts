import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DueTimes } from '../../src/runtime/due-times.ts';

describe('DueTimes', () => {
  it('has everything due at first, in the order of the numbers', () => {
    const times = new DueTimes(4);
    const due: number[] = [];
    times.take(0, due);
    expect(due).toEqual([0, 1, 2, 3]);
    expect(times.nextUs).toBe(Number.POSITIVE_INFINITY);
  });

  it('has nothing due when it is of nothing', () => {
    expect(new DueTimes(0).nextUs).toBe(Number.POSITIVE_INFINITY);
  });

  it('takes what a plain list of times would, whatever is set in between', () => {
    const at = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constant(Number.POSITIVE_INFINITY));
    const move = fc.oneof(fc.record({ device: fc.nat(9), at }), fc.record({ take: fc.integer({ min: 0, max: 50 }) }));
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
        const times = new DueTimes(10);
        const plain = Array.from({ length: 10 }, () => 0);
        for (const one of moves) {
          if ('take' in one) {
            const due: number[] = [];
            times.take(one.take, due);
            expect(due).toEqual(plain.flatMap((us, device) => (us <= one.take ? [device] : [])));
            for (const device of due) plain[device] = Number.POSITIVE_INFINITY;
          } else {
            times.set(one.device, one.at);
            plain[one.device] = one.at;
          }
          expect(times.nextUs).toBe(Math.min(...plain));
        }
      }),
      { seed: 5, numRuns: 300 },
    );
  });
});
