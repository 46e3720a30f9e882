import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Doorbell } from '../../src/memory/doorbell.ts';

/** More than two times the eight words that are looked at together, and some over. */
const RINGS = 700;
const WORDS = Math.ceil(RINGS / 32);

const doorbell = (): Doorbell => new Doorbell(new SharedArrayBuffer(WORDS * 4), 0, WORDS);
const numbersIn = (bits: Int32Array): number[] =>
  Array.from({ length: RINGS }, (_, i) => i).filter((i) => ((bits[i >>> 5] >>> (i & 31)) & 1) === 1);
function bitsOf(numbers: readonly number[]): Int32Array {
  const bits = new Int32Array(WORDS);
  for (const i of numbers) bits[i >>> 5] |= 1 << (i & 31);
  return bits;
}

describe('a doorbell', () => {
  it('tells once of every ring that was rung, adds to what was ready, and forgets those it is deaf to', () => {
    const rings = fc.uniqueArray(fc.integer({ min: 0, max: RINGS - 1 }), { maxLength: 40 });
    fc.assert(
      fc.property(rings, rings, rings, (rung, deaf, before) => {
        const bell = doorbell();
        for (const ring of rung) bell.ring(ring);
        const ready = bitsOf(before);
        bell.collect(ready, bitsOf(deaf));
        const heard = rung.filter((ring) => !deaf.includes(ring));
        expect(numbersIn(ready)).toEqual([...new Set([...before, ...heard])].sort((a, b) => a - b));
        expect(bell.rung()).toBe(false);
        const again = new Int32Array(WORDS);
        bell.collect(again, new Int32Array(WORDS));
        expect(numbersIn(again)).toEqual([]);
      }),
    );
  });

  it('is rung from the first ring to the last', () => {
    for (const ring of [0, 31, 32, 255, 256, 699]) {
      const bell = doorbell();
      bell.ring(ring);
      bell.ring(ring);
      expect(bell.rung()).toBe(true);
    }
  });
});
