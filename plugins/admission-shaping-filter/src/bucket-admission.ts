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
  readonly #vms: VmTable;
  readonly #clockNs = new Float64Array(1);
  readonly #averageBps: Float64Array;
  readonly #burstBytes: Int32Array;
  readonly #peakBps: Float64Array;
  readonly #average: TokenBuckets;
  readonly #peak: TokenBuckets;
  readonly #fallbackAverageBps: Float64Array;
  readonly #fallbackPeakBps: Float64Array;
  readonly #fallbackBurstBytes: number;
  readonly #overheadBytes: number;
  readonly #police: boolean;

  constructor(vms: VmTable, options: ShapingOptions) {
    this.#vms = vms;
    this.#averageBps = new Float64Array(vms.count);
    this.#burstBytes = new Int32Array(vms.count);
    this.#peakBps = new Float64Array(vms.count);
    const peakBurstBytes = new Int32Array(vms.count).fill(options.peakBurstBytes);
    this.#average = new TokenBuckets(this.#averageBps, this.#burstBytes, this.#clockNs);
    this.#peak = new TokenBuckets(this.#peakBps, peakBurstBytes, this.#clockNs);
    this.#fallbackAverageBps = Float64Array.of(options.averageBps || Number.POSITIVE_INFINITY);
    this.#fallbackPeakBps = Float64Array.of(options.peakBps || Number.POSITIVE_INFINITY);
    this.#fallbackBurstBytes = Math.floor(options.burstBytes);
    this.#overheadBytes = Math.ceil(options.overheadBytes);
    this.#police = options.mode === 'police';
  }

  admit(batch: TransmitBatch): undefined {
    const vm = batch.vm;
    writeRate(this.#averageBps, vm, this.#vms.limitBps, this.#fallbackAverageBps);
    writeRate(this.#peakBps, vm, this.#vms.peakBps, this.#fallbackPeakBps);
    const limited = this.#averageBps[vm] !== Number.POSITIVE_INFINITY;
    if (!limited && this.#peakBps[vm] === Number.POSITIVE_INFINITY) return;

    writeDepth(this.#burstBytes, vm, this.#vms.burstBytes, this.#fallbackBurstBytes);
    this.#clockNs[0] = Math.round(batch.nowUs * 1000);
    const largestBytes = limited ? this.#burstBytes[vm] : UNLIMITED_BYTES;
    const bytes = batch.bytes;
    const count = batch.count;
    const overheadBytes = this.#overheadBytes;
    let average = this.#average.refill(vm);
    let peak = this.#peak.refill(vm);
    let i = 0;
    for (; i < count; i++) {
      const size = bytes[i] + overheadBytes;
      if (size <= average && peak >= 0) {
        average -= size;
        peak -= size;
      } else if (this.#police || size > largestBytes) {
        // A frame larger than the bucket never conforms: waiting, it would hold up all behind it for ever.
        batch.drop(i, DropReason.Policed);
      } else {
        break;
      }
    }
    this.#average.tokens[vm] = average;
    this.#peak.tokens[vm] = peak;
    if (i < count) this.#leaveWaiting(batch, i);
  }

  /** Queues from frame `i`, until the time at which it conforms to both buckets. */
  #leaveWaiting(batch: TransmitBatch, i: number): void {
    const averageNs = this.#average.waitNs(batch.vm, batch.bytes[i] + this.#overheadBytes);
    const peakNs = this.#peak.waitNs(batch.vm, 0);
    const waitNs = Math.min(Math.max(averageNs, peakNs), LONGEST_WAIT_NS);
    batch.queueFrom(i, (this.#clockNs[0] + waitNs) / 1000);
  }
}
