import { Earnings, MAX_DEPTH_BYTES, MORE_THAN_FULL_BYTES } from './earnings.ts';
import type { StateColumn } from './state-columns.ts';

/** What a bucket holds whose rate is `Infinity`: more than a batch (256 frames) can take. */
export const UNLIMITED_BYTES = MAX_DEPTH_BYTES;

/**
 * A column of token buckets, all full at first. The columns of rates (whole bit/s) and depths belong to the caller, who
 * may write to them before any refill; `clockNs` holds the time in whole nanoseconds as its only entry.
 *
 * Used so:
 *
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
  /** Adds what was earned since the last refill, up to the depth, and returns the tokens. */
  readonly refill: (row: number) => number;

  constructor(rateBps: Float64Array, depthBytes: Int32Array, clockNs: Float64Array) {
    this.tokens = new Int32Array(rateBps.length).fill(MORE_THAN_FULL_BYTES);
    this.earnings = new Earnings(rateBps, clockNs);
    this.refill = createRefill(this.tokens, rateBps, depthBytes, this.earnings);
  }

  /** All that the buckets remember; `leastBytes` is the deepest debt that the caller lets one run into. */
  columns(leastBytes: number): StateColumn[] {
    return [{ values: this.tokens, least: leastBytes, most: MORE_THAN_FULL_BYTES }, ...this.earnings.columns];
  }

  /** Nanoseconds until the bucket holds `bytes`, if nothing is taken meanwhile; `Infinity` at rate 0. */
  waitNs(row: number, bytes: number): number {
    return this.earnings.waitNs(row, bytes - this.tokens[row]);
  }
}

/** Made as earnings.ts says. */
function createRefill(
  tokens: Int32Array,
  rateBps: Float64Array,
  depthBytes: Int32Array,
  earnings: Earnings,
): (row: number) => number {
  const { earn, earnAtLeast } = earnings;
  const fixed = { tokens, rateBps, depthBytes, earnings, earn, earnAtLeast, unlimitedBytes: UNLIMITED_BYTES };
  return function refill(row) {
    const { tokens, rateBps, depthBytes, earnings, earn, earnAtLeast, unlimitedBytes } = fixed;
    if (rateBps[row] === Number.POSITIVE_INFINITY) {
      tokens[row] = unlimitedBytes;
      return unlimitedBytes;
    }
    const depth = depthBytes[row];
    const lack = depth - tokens[row];
    if (!earnAtLeast(row, lack)) {
      const earned = earn(row);
      if (earned < lack) {
        tokens[row] += earned;
        return tokens[row];
      }
      earnings.forfeit(row);
    }
    tokens[row] = depth;
    return depth;
  };
}
