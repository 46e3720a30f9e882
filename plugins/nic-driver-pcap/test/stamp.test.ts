import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readStamp, stampUnit } from '../src/stamp.ts';

const word = fc.nat(0xffffffff);

function read(high: number, low: number, tsresol: number, offsetSeconds = 0): [number, number] {
  const record = { at: 0, bytes: 0, originalBytes: 0, seconds: 0, nanoseconds: 0 };
  readStamp(high, low, stampUnit(tsresol, offsetSeconds), record);
  return [record.seconds, record.nanoseconds];
}

describe('a 64-bit stamp', () => {
  it('is as exact division says, for every decimal resolution down to picoseconds', () => {
    fc.assert(
      fc.property(word, word, fc.nat(12), (high, low, exponent) => {
        const ticks = (BigInt(high) << 32n) + BigInt(low);
        const perSecond = 10n ** BigInt(exponent);
        const [seconds, nanoseconds] = read(high, low, exponent);
        expect(seconds).toBe(Number(ticks / perSecond));
        expect(nanoseconds).toBe(Number(((ticks % perSecond) * 1_000_000_000n) / perSecond));
      }),
      { numRuns: 500 },
    );
  });

  it('in powers of two is within a nanosecond of exact division', () => {
    fc.assert(
      fc.property(word, word, fc.nat(40), (high, low, exponent) => {
        const ticks = (BigInt(high) << 32n) + BigInt(low);
        const perSecond = 1n << BigInt(exponent);
        const [seconds, nanoseconds] = read(high, low, 0x80 | exponent);
        expect(seconds).toBe(Number(ticks / perSecond));
        expect(Math.abs(nanoseconds - Number(((ticks % perSecond) * 1_000_000_000n) / perSecond))).toBeLessThanOrEqual(
          1,
        );
      }),
      { numRuns: 300 },
    );
  });

  it('has the offset of its interface added', () => {
    expect(read(0, 2_500_000, 6, -10)).toEqual([-8, 500_000_000]);
  });

  it('at the finest resolutions that can be written is some time, and no fault', () => {
    expect(read(0xffffffff, 0xffffffff, 0x7f)).toEqual([0, 0]);
    expect(read(0xffffffff, 0xffffffff, 0xff)).toEqual([0, 0]);
  });
});
