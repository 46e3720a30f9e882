import type { StateColumn } from './state-columns.ts';

/*
 * Arithmetic. What a rate earns is counted in whole bytes, and what is earned beyond them is carried as a remainder, so
 * that no rounding ever builds up:
 *
 *     whole bytes   handed out by `earn`
 *     remainder     10^-9 bit, 8·10^9 of them a byte    0 … 8·10^9 - 1
 *
 * A rate of whole bit/s earns a whole number of 10^-9 bit each nanosecond, hence every value here is an integer. A
 * double holds integers exactly below 2^53; the product of a long time in nanoseconds and a high rate would be larger,
 * so the time is split: whole microseconds earn 10^-6 bit each (exact up to 1.1 GB, which fills any bucket), and the
 * nanoseconds that are left earn less than 10^3 · rate (exact up to 9 Tbit/s).
 *
 * No function here takes a double as an argument: unless V8 happens to inline the call, it would allocate 16 bytes for
 * each. Rates and times are read from columns instead.
 */

/** Deepest bucket, in bytes: what it earns from empty to full still fits a double exactly. */
export const MAX_DEPTH_BYTES = 2 ** 30;

/** More than two of the deepest buckets lack. It also makes new buckets start full. */
export const MORE_THAN_FULL_BYTES = 2 ** 31 - 1;

const MICRO_BITS_PER_BYTE = 8e6;
const NANO_BITS_PER_BYTE = 8e9;

/** Writes the rate of a row in whole bit/s: the VM's own unless it has none (`Infinity`), else the fallback's only entry. */
export function writeRate(rateBps: Float64Array, row: number, own: Float64Array, fallback: Float64Array): void {
  const rate = own[row] === Number.POSITIVE_INFINITY ? fallback[0] : own[row];
  rateBps[row] = rate >= 1 ? Math.floor(rate) : 0;
}

/** Writes the depth of a row in whole bytes: the VM's own unless it has none (0), else the fallback; 1 GiB at most. */
export function writeDepth(depthBytes: Int32Array, row: number, own: Float64Array, fallbackBytes: number): void {
  depthBytes[row] = own[row] > 0 ? Math.min(own[row], MAX_DEPTH_BYTES) : fallbackBytes;
}

/*
 * What runs for every batch is made once around an object `fixed`, which it takes apart in its first line: V8 compiles
 * what it finds there in as constants, where it would check an array's kind and load its address at every access.
 */

/** What each row's rate has earned. The column of rates belongs to the caller, who may write to it at any time. */
export class Earnings {
  /** Earned beyond whole bytes, in 10^-9 bit. */
  readonly remainder: Float64Array;
  /**
   * Whole bytes earned since the last call, `MORE_THAN_FULL_BYTES` at most. A clock that went back earns nothing and
   * counts on from where it is now.
   */
  readonly earn: (row: number) => number;
  /**
   * When at least `bytes` were surely earned since the last call, hands all of it out, gives up the remainder and
   * returns true; else does nothing. For a bucket that this fills it saves the divisions.
   */
  readonly earnAtLeast: (row: number, bytes: number) => boolean;
  /** When each row was last asked, in nanoseconds. */
  readonly earnedNs: Float64Array;
  /** All that it remembers. */
  readonly columns: readonly StateColumn[];
  readonly #rateBps: Float64Array;

  /** `clockNs` holds the time in whole nanoseconds as its only entry. */
  constructor(rateBps: Float64Array, clockNs: Float64Array) {
    this.remainder = new Float64Array(rateBps.length);
    this.#rateBps = rateBps;
    this.earnedNs = new Float64Array(rateBps.length);
    const { earnedNs } = this;
    this.columns = [
      { values: this.remainder, least: 0, most: NANO_BITS_PER_BYTE - 1 },
      { values: earnedNs, least: 0, most: Number.MAX_SAFE_INTEGER, times: true },
    ];
    this.earn = createEarn(rateBps, clockNs, earnedNs, this.remainder);
    this.earnAtLeast = createEarnAtLeast(rateBps, clockNs, earnedNs, this.remainder);
  }

  /** Gives up what is earned beyond whole bytes, as a full bucket does: it would be a byte too many after the burst. */
  forfeit(row: number): void {
    this.remainder[row] = 0;
  }

  /** Nanoseconds, rounded up, until `bytes` more are earned; `Infinity` at rate 0. */
  waitNs(row: number, bytes: number): number {
    return bytes <= 0 ? 0 : Math.ceil((bytes * NANO_BITS_PER_BYTE - this.remainder[row]) / this.#rateBps[row]);
  }
}

function createEarn(
  rateBps: Float64Array,
  clockNs: Float64Array,
  earnedNs: Float64Array,
  remainder: Float64Array,
): (row: number) => number {
  const columns = { rateBps, clockNs, earnedNs, remainder };
  const fixed = { ...columns, moreThanFull: MORE_THAN_FULL_BYTES, mostBytes: MAX_DEPTH_BYTES * 2 };
  return function earn(row) {
    const { rateBps, clockNs, earnedNs, remainder, moreThanFull, mostBytes } = fixed;
    const nowNs = clockNs[0];
    const elapsedNs = nowNs - earnedNs[row];
    earnedNs[row] = nowNs;
    if (!(elapsedNs > 0)) return 0;
    const rate = rateBps[row];
    const us = Math.floor(elapsedNs / 1000);
    const microBits = rate * us;
    const bytes = Math.floor(microBits / MICRO_BITS_PER_BYTE);
    const nanoBits = (microBits - bytes * MICRO_BITS_PER_BYTE) * 1000 + rate * (elapsedNs - us * 1000) + remainder[row];
    const more = Math.floor(nanoBits / NANO_BITS_PER_BYTE);
    remainder[row] = nanoBits - more * NANO_BITS_PER_BYTE;
    return bytes < mostBytes - more ? (bytes + more) | 0 : moreThanFull;
  };
}

/**
 * The product of time and rate is not exact here; but it is off by less than one part in 10^15, and one byte is asked
 * for on top, which is more than one part in 10^10 of the deepest bucket.
 */
function createEarnAtLeast(
  rateBps: Float64Array,
  clockNs: Float64Array,
  earnedNs: Float64Array,
  remainder: Float64Array,
): (row: number, bytes: number) => boolean {
  const fixed = { rateBps, clockNs, earnedNs, remainder };
  return function earnAtLeast(row, bytes) {
    const { rateBps, clockNs, earnedNs, remainder } = fixed;
    const nowNs = clockNs[0];
    if (!((nowNs - earnedNs[row]) * rateBps[row] >= (bytes + 1) * NANO_BITS_PER_BYTE)) return false;
    earnedNs[row] = nowNs;
    remainder[row] = 0;
    return true;
  };
}
