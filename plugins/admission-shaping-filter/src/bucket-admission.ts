import {
  type AdmissionPolicy,
  DropReason,
  type Explanation,
  type TransmitBatch,
  Verdict,
  type VmTable,
} from '@fairlead/sdk';
import { writeDepth, writeRate } from './earnings.ts';
import type { ShapingOptions } from './options.ts';
import type { StateColumn } from './state-columns.ts';
import { TokenBuckets, UNLIMITED_BYTES } from './token-buckets.ts';

/**
 * A waiting VM is asked again after this long at the latest, although its frame may conform only later: its limit may
 * have been raised meanwhile.
 */
export const LONGEST_WAIT_NS = 100e6;

/**
 * Two buckets a VM. A frame goes when the average bucket holds its size and the peak bucket is not in debt, and is then
 * charged to both. So the frames from time `s` to time `s + t`, both ends included, sum up to at most
 *
 *     burst + average · t                      (the average bucket never holds more than the burst)
 *     peakBurst + last frame + peak · t        (all but the last were paid for, but for peakBurst, before it went)
 */
export class BucketAdmission implements AdmissionPolicy {
  readonly #terms: Terms;
  readonly #police: boolean;
  /** All that it remembers: the peak bucket runs into debt by a batch of the longest frames at most. */
  readonly columns: readonly StateColumn[];
  #conform: Conform = () => 0;
  /** The batch that `#conform` reads: the host's only one. */
  #batch: TransmitBatch | undefined;

  /** `rowOf`: the buckets of each VM. */
  constructor(vms: VmTable, options: ShapingOptions, rowOf: Int32Array) {
    const clockNs = new Float64Array(1);
    const averageBps = new Float64Array(vms.count);
    const peakBps = new Float64Array(vms.count);
    const burstBytes = new Int32Array(vms.count);
    const peakBurstBytes = new Int32Array(vms.count).fill(options.peakBurstBytes);
    this.#terms = {
      vms,
      rowOf,
      clockNs,
      averageBps,
      peakBps,
      burstBytes,
      average: new TokenBuckets(averageBps, burstBytes, clockNs),
      peak: new TokenBuckets(peakBps, peakBurstBytes, clockNs),
      fallbackAverageBps: Float64Array.of(options.averageBps || Number.POSITIVE_INFINITY),
      fallbackPeakBps: Float64Array.of(options.peakBps || Number.POSITIVE_INFINITY),
      fallbackBurstBytes: Math.floor(options.burstBytes),
      overheadBytes: Math.ceil(options.overheadBytes),
    };
    this.columns = [...this.#terms.average.columns(0), ...this.#terms.peak.columns(-UNLIMITED_BYTES)];
    this.#police = options.mode === 'police';
  }

  admit(batch: TransmitBatch): undefined {
    if (batch !== this.#batch) this.#readFrom(batch);
    let i = this.#conform(0);
    while (i < batch.count) {
      // A frame larger than the bucket never conforms: waiting, it would hold up all behind it for ever.
      if (!this.#police && !this.#exceedsBucket(this.#terms.rowOf[batch.vm], batch.bytes[i]))
        return this.#leaveWaiting(batch, i);
      batch.drop(i, DropReason.Policed);
      i = this.#conform(i + 1);
    }
  }

  /** The buckets are as this batch has left them. */
  explain({ vm, bytes, count, queuedFrom, verdict }: TransmitBatch, i: number): Explanation {
    const { averageBps, peakBps, burstBytes, average, peak, overheadBytes } = this.#terms;
    const row = this.#terms.rowOf[vm];
    const size = bytes[i] + overheadBytes;
    if (averageBps[row] === Number.POSITIVE_INFINITY && peakBps[row] === Number.POSITIVE_INFINITY)
      return { why: 'the VM has no limit' };
    const averaged = averageBps[row] !== Number.POSITIVE_INFINITY;
    const peaked = peakBps[row] !== Number.POSITIVE_INFINITY;
    const state = {
      burstBytes: burstBytes[row],
      ...(averaged ? { averageBps: averageBps[row], averageTokens: average.tokens[row] } : {}),
      ...(peaked ? { peakBps: peakBps[row], peakTokens: peak.tokens[row] } : {}),
    };
    if (this.#exceedsBucket(row, bytes[i]))
      return { why: `its ${size} bytes are more than the bucket ever holds`, state };
    if (i < queuedFrom && verdict[i] === Verdict.Admit) return { why: `the buckets held its ${size} bytes`, state };
    if (i > queuedFrom && i < count) return { why: 'it is behind one that waits', state };
    const short = averaged && average.tokens[row] < size ? 'average' : 'peak';
    return { why: `the ${short} bucket does not hold its ${size} bytes`, state };
  }

  #readFrom(batch: TransmitBatch): void {
    this.#batch = batch;
    this.#conform = createConform(this.#terms, batch);
  }

  #exceedsBucket(row: number, bytes: number): boolean {
    const { averageBps, burstBytes, overheadBytes } = this.#terms;
    const limited = averageBps[row] !== Number.POSITIVE_INFINITY;
    return bytes + overheadBytes > (limited ? burstBytes[row] : UNLIMITED_BYTES);
  }

  /** Queues from frame `i`, until the time at which it conforms to both buckets. */
  #leaveWaiting(batch: TransmitBatch, i: number): undefined {
    const { rowOf, average, peak, overheadBytes, clockNs } = this.#terms;
    const row = rowOf[batch.vm];
    const averageNs = average.waitNs(row, batch.bytes[i] + overheadBytes);
    const peakNs = peak.waitNs(row, 0);
    const waitNs = Math.min(Math.max(averageNs, peakNs), LONGEST_WAIT_NS);
    batch.queueFrom(i, (clockNs[0] + waitNs) / 1000);
  }
}

/** Every VM's buckets, the columns they read, and what serves a VM whose row has no limit of its own. */
interface Terms {
  readonly vms: VmTable;
  /** The row of the buckets and of the limits that each VM uses. */
  readonly rowOf: Int32Array;
  readonly clockNs: Float64Array;
  readonly averageBps: Float64Array;
  readonly peakBps: Float64Array;
  readonly burstBytes: Int32Array;
  readonly average: TokenBuckets;
  readonly peak: TokenBuckets;
  readonly fallbackAverageBps: Float64Array;
  readonly fallbackPeakBps: Float64Array;
  readonly fallbackBurstBytes: number;
  readonly overheadBytes: number;
}

/**
 * Charges frames of a batch, from `start` on, while they conform to both buckets; returns the first that does not. At
 * the start of a batch it reads the VM's limits and fills its buckets.
 */
type Conform = (start: number) => number;

/** Made once, as earnings.ts says. */
function createConform(terms: Terms, batch: TransmitBatch): Conform {
  const { limitBps, peakBps: ownPeakBps, burstBytes: ownBurstBytes } = terms.vms;
  const { clockNs, averageBps, peakBps, burstBytes, average, peak, overheadBytes, rowOf } = terms;
  const { fallbackAverageBps, fallbackPeakBps, fallbackBurstBytes } = terms;
  const fixed = {
    lookAhead: createLookAhead(terms),
    own: { limitBps, ownPeakBps, ownBurstBytes },
    fallback: { fallbackAverageBps, fallbackPeakBps, fallbackBurstBytes },
    column: { clockNs, averageBps, peakBps, burstBytes },
    average: { refillAverage: average.refill, averageTokens: average.tokens },
    peak: { refillPeak: peak.refill, peakTokens: peak.tokens },
    batch: { batch, bytes: batch.bytes, overheadBytes, rowOf },
  };
  return function conform(start) {
    const { limitBps, ownPeakBps, ownBurstBytes } = fixed.own;
    const { fallbackAverageBps, fallbackPeakBps, fallbackBurstBytes } = fixed.fallback;
    const { clockNs, averageBps, peakBps, burstBytes } = fixed.column;
    const { refillAverage, averageTokens } = fixed.average;
    const { refillPeak, peakTokens } = fixed.peak;
    const { batch, bytes, overheadBytes, rowOf } = fixed.batch;
    const { lookAhead } = fixed;
    const row = rowOf[batch.vm];
    const count = batch.count;
    if (start === 0) {
      if ((row & 7) === 0) lookAhead(row + 8);
      writeRate(averageBps, row, limitBps, fallbackAverageBps);
      writeRate(peakBps, row, ownPeakBps, fallbackPeakBps);
      if (averageBps[row] === Number.POSITIVE_INFINITY && peakBps[row] === Number.POSITIVE_INFINITY) return count;
      writeDepth(burstBytes, row, ownBurstBytes, fallbackBurstBytes);
      clockNs[0] = Math.round(batch.nowUs * 1000);
      refillAverage(row);
      refillPeak(row);
    }
    let average = averageTokens[row];
    let peak = peakTokens[row];
    let i = start;
    // Mostly the rest of the batch conforms as a whole: a sum without a comparison for each frame tells. A step of four
    // at a time, since stepping costs as much as adding.
    let total = Math.imul(count - i, overheadBytes);
    let k = i;
    for (const whole = count - 3; k < whole; k = (k + 4) | 0) {
      total = (total + bytes[k] + bytes[k + 1] + bytes[k + 2] + bytes[k + 3]) | 0;
    }
    for (; k < count; k = (k + 1) | 0) total = (total + bytes[k]) | 0;
    if (total <= average && total <= peak) {
      averageTokens[row] = average - total;
      peakTokens[row] = peak - total;
      return count;
    }
    for (; i < count; i = (i + 1) | 0) {
      const size = (bytes[i] + overheadBytes) | 0;
      if (size > average || peak < 0) break;
      average = (average - size) | 0;
      peak = (peak - size) | 0;
    }
    averageTokens[row] = average;
    peakTokens[row] = peak;
    return i;
  };
}

/**
 * VMs have their turns in the order of their numbers, and the rows of thousands do not stay in the caches: reads a line
 * of every column, eight rows, while the eight before them are being served.
 */
function createLookAhead(terms: Terms): (row: number) => void {
  const { limitBps, peakBps: ownPeakBps, burstBytes: ownBurstBytes } = terms.vms;
  const { averageBps, peakBps, burstBytes, average, peak, rowOf } = terms;
  const fixed = {
    own: { limitBps, ownPeakBps, ownBurstBytes },
    column: { averageBps, peakBps, burstBytes, rowOf },
    average: { tokens: average.tokens, remainder: average.earnings.remainder, earnedNs: average.earnings.earnedNs },
    peak: { tokens: peak.tokens, remainder: peak.earnings.remainder, earnedNs: peak.earnings.earnedNs },
    rows: rowOf.length,
    // Written, so that the reads are not left out as useless.
    seen: new Float64Array(1),
  };
  return function lookAhead(row) {
    const { own, column, average, peak, rows, seen } = fixed;
    if (row >= rows) return;
    const { limitBps, ownPeakBps, ownBurstBytes } = own;
    const { averageBps, peakBps, burstBytes, rowOf } = column;
    seen[0] = limitBps[row] + ownPeakBps[row] + ownBurstBytes[row] + averageBps[row] + peakBps[row] + burstBytes[row];
    seen[0] += rowOf[row] + average.tokens[row] + average.remainder[row] + average.earnedNs[row];
    seen[0] += peak.tokens[row] + peak.remainder[row] + peak.earnedNs[row];
  };
}
