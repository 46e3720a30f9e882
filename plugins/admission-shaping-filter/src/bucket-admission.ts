import { type AdmissionPolicy, DropReason, type TransmitBatch, type VmTable } from '@fairlead/sdk';
import { writeDepth, writeRate } from './earnings.ts';
import type { ShapingOptions } from './options.ts';
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
  readonly #clockNs = new Float64Array(1);
  readonly #averageBps: Float64Array;
  readonly #burstBytes: Int32Array;
  readonly #average: TokenBuckets;
  readonly #peak: TokenBuckets;
  readonly #readTerms: ReadTerms;
  readonly #overheadBytes: number;
  readonly #police: boolean;
  #conform: Conform = () => 0;
  /** The batch that `#conform` reads: the host's only one. */
  #batch: TransmitBatch | undefined;

  constructor(vms: VmTable, options: ShapingOptions) {
    this.#averageBps = new Float64Array(vms.count);
    this.#burstBytes = new Int32Array(vms.count);
    const peakBps = new Float64Array(vms.count);
    const peakBurstBytes = new Int32Array(vms.count).fill(options.peakBurstBytes);
    this.#average = new TokenBuckets(this.#averageBps, this.#burstBytes, this.#clockNs);
    this.#peak = new TokenBuckets(peakBps, peakBurstBytes, this.#clockNs);
    this.#readTerms = createReadTerms(vms, this.#averageBps, peakBps, this.#burstBytes, options);
    this.#overheadBytes = Math.ceil(options.overheadBytes);
    this.#police = options.mode === 'police';
  }

  admit(batch: TransmitBatch): undefined {
    const { vm, count } = batch;
    if (!this.#readTerms(vm)) return;
    this.#clockNs[0] = Math.round(batch.nowUs * 1000);
    if (batch !== this.#batch) this.#readFrom(batch);
    this.#average.refill(vm);
    this.#peak.refill(vm);
    let i = this.#conform(vm, 0, count);
    while (i < count) {
      // A frame larger than the bucket never conforms: waiting, it would hold up all behind it for ever.
      if (!this.#police && !this.#exceedsBucket(vm, batch.bytes[i])) return this.#leaveWaiting(batch, i);
      batch.drop(i, DropReason.Policed);
      i = this.#conform(vm, i + 1, count);
    }
  }

  #readFrom(batch: TransmitBatch): void {
    this.#batch = batch;
    this.#conform = createConform(batch.bytes, this.#average.tokens, this.#peak.tokens, this.#overheadBytes);
  }

  #exceedsBucket(vm: number, bytes: number): boolean {
    const limited = this.#averageBps[vm] !== Number.POSITIVE_INFINITY;
    return bytes + this.#overheadBytes > (limited ? this.#burstBytes[vm] : UNLIMITED_BYTES);
  }

  /** Queues from frame `i`, until the time at which it conforms to both buckets. */
  #leaveWaiting(batch: TransmitBatch, i: number): undefined {
    const averageNs = this.#average.waitNs(batch.vm, batch.bytes[i] + this.#overheadBytes);
    const peakNs = this.#peak.waitNs(batch.vm, 0);
    const waitNs = Math.min(Math.max(averageNs, peakNs), LONGEST_WAIT_NS);
    batch.queueFrom(i, (this.#clockNs[0] + waitNs) / 1000);
  }
}

/** Writes a VM's rates and depth to the columns that its buckets read; false when it has no limit. */
type ReadTerms = (vm: number) => boolean;

function createReadTerms(
  vms: VmTable,
  averageBps: Float64Array,
  peakBps: Float64Array,
  burstBytes: Int32Array,
  options: ShapingOptions,
): ReadTerms {
  const fixed = {
    own: { averageBps: vms.limitBps, peakBps: vms.peakBps, burstBytes: vms.burstBytes },
    fallback: {
      averageBps: Float64Array.of(options.averageBps || Number.POSITIVE_INFINITY),
      peakBps: Float64Array.of(options.peakBps || Number.POSITIVE_INFINITY),
      burstBytes: Math.floor(options.burstBytes),
    },
    averageBps,
    peakBps,
    burstBytes,
  };
  return function readTerms(vm) {
    const { own, fallback, averageBps, peakBps, burstBytes } = fixed;
    writeRate(averageBps, vm, own.averageBps, fallback.averageBps);
    writeRate(peakBps, vm, own.peakBps, fallback.peakBps);
    if (averageBps[vm] === Number.POSITIVE_INFINITY && peakBps[vm] === Number.POSITIVE_INFINITY) return false;
    writeDepth(burstBytes, vm, own.burstBytes, fallback.burstBytes);
    return true;
  };
}

/** Charges frames of a batch, from `start` on, while they conform to both buckets; returns the first that does not. */
type Conform = (vm: number, start: number, count: number) => number;

function createConform(bytes: Int32Array, average: Int32Array, peak: Int32Array, overheadBytes: number): Conform {
  const fixed = { bytes, average, peak, overheadBytes };
  return function conform(vm, start, count) {
    const { bytes, average, peak, overheadBytes } = fixed;
    let averageTokens = average[vm];
    let peakTokens = peak[vm];
    let i = start;
    for (; i < count; i = (i + 1) | 0) {
      const size = (bytes[i] + overheadBytes) | 0;
      if (size > averageTokens || peakTokens < 0) break;
      averageTokens = (averageTokens - size) | 0;
      peakTokens = (peakTokens - size) | 0;
    }
    average[vm] = averageTokens;
    peak[vm] = peakTokens;
    return i;
  };
}
