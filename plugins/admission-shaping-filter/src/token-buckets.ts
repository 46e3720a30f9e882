import { Earnings, MAX_DEPTH_BYTES, MORE_THAN_FULL_BYTES } from './earnings.ts';

/** What a bucket holds whose rate is `Infinity`: more than a batch (256 frames) can take. */
export const UNLIMITED_BYTES = MAX_DEPTH_BYTES;

/**
 * A column of token buckets, all full at first. The columns of rates (whole bit/s) and depths belong to the caller, who
 * may write to them before any refill; `clockNs` holds the time in whole nanoseconds as its only entry.
 *
 * @example
 * ```ts
 * const clockNs = new Float64Array(1);
 * const buckets = new TokenBuckets(Float64Array.of(200e6), Int32Array.of(65536), clockNs);
 * clockNs[0] = 40_000;
 * if (bytes <= buckets.refill(0)) buckets.tokens[0] -= bytes;
 * ```
 */
export class TokenBuckets {
  /** Whole bytes in each bucket; below zero where the caller lets a bucket run into debt. */
  readonly tokens: Int32Array;
  readonly earnings: Earnings;
  readonly #rateBps: Float64Array;
  readonly #depthBytes: Int32Array;

  constructor(rateBps: Float64Array, depthBytes: Int32Array, clockNs: Float64Array) {
    this.tokens = new Int32Array(rateBps.length).fill(MORE_THAN_FULL_BYTES);
    this.earnings = new Earnings(rateBps, clockNs);
    this.#rateBps = rateBps;
    this.#depthBytes = depthBytes;
  }

  /** Adds what was earned since the last refill, up to the depth, and returns the tokens. */
  refill(row: number): number {
    if (this.#rateBps[row] === Number.POSITIVE_INFINITY) {
      this.tokens[row] = UNLIMITED_BYTES;
      return UNLIMITED_BYTES;
    }
    const depthBytes = this.#depthBytes[row];
    const earnedBytes = this.earnings.earn(row);
    const tokens = this.tokens[row];
    if (earnedBytes < depthBytes - tokens) {
      this.tokens[row] = tokens + earnedBytes;
      return tokens + earnedBytes;
    }
    this.tokens[row] = depthBytes;
    this.earnings.forfeit(row);
    return depthBytes;
  }

  /** Nanoseconds until the bucket holds `bytes`, if nothing is taken meanwhile; `Infinity` at rate 0. */
  waitNs(row: number, bytes: number): number {
    return this.earnings.waitNs(row, bytes - this.tokens[row]);
  }
}
