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

/** What each row's rate has earned. The column of rates belongs to the caller, who may write to it at any time. */
export class Earnings {
  /** Earned beyond whole bytes, in 10^-9 bit. */
  readonly remainder: Float64Array;
  readonly #rateBps: Float64Array;
  readonly #clockNs: Float64Array;
  readonly #earnedNs: Float64Array;

  /** `clockNs` holds the time in whole nanoseconds as its only entry. */
  constructor(rateBps: Float64Array, clockNs: Float64Array) {
    this.remainder = new Float64Array(rateBps.length);
    this.#rateBps = rateBps;
    this.#clockNs = clockNs;
    this.#earnedNs = new Float64Array(rateBps.length);
  }

  /**
   * Whole bytes earned since the last call, `MORE_THAN_FULL_BYTES` at most. A clock that went back earns nothing and
   * counts on from where it is now.
   */
  earn(row: number): number {
    const nowNs = this.#clockNs[0];
    const elapsedNs = nowNs - this.#earnedNs[row];
    this.#earnedNs[row] = nowNs;
    if (!(elapsedNs > 0)) return 0;
    const rateBps = this.#rateBps[row];
    const us = Math.floor(elapsedNs / 1000);
    const microBits = rateBps * us;
    const bytes = Math.floor(microBits / MICRO_BITS_PER_BYTE);
    const nanoBits =
      (microBits - bytes * MICRO_BITS_PER_BYTE) * 1000 + rateBps * (elapsedNs - us * 1000) + this.remainder[row];
    const more = Math.floor(nanoBits / NANO_BITS_PER_BYTE);
    this.remainder[row] = nanoBits - more * NANO_BITS_PER_BYTE;
    return bytes < MAX_DEPTH_BYTES * 2 - more ? (bytes + more) | 0 : MORE_THAN_FULL_BYTES;
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
