import { type AdmissionPolicy, DropReason, type Explanation, type TransmitBatch, Verdict } from '@fairlead/sdk';
import { LONGEST_WAIT_NS } from './bucket-admission.ts';
import type { ShapingOptions } from './options.ts';
import type { StateColumn } from './state-columns.ts';
import { TokenBuckets } from './token-buckets.ts';

/** A policy that can say why. */
export type Explained = AdmissionPolicy & Required<Pick<AdmissionPolicy, 'explain'>>;

/**
 * A limit of frames a second in front of another policy. It is a token bucket in which each frame counts as one byte,
 * hence eight bit a second for each frame a second.
 */
export class FrameRate implements AdmissionPolicy {
  readonly columns: readonly StateColumn[];
  readonly #inner: Explained;
  readonly #buckets: TokenBuckets;
  readonly #clockNs = new Float64Array(1);
  readonly #rowOf: Int32Array;
  readonly #police: boolean;
  readonly #framesPerSecond: number;
  /** First frame of the last batch for which no token was left; its `count` when there was one for each. */
  #short = 0;

  /** `rowOf`: the bucket of each VM. */
  constructor(inner: Explained, rowOf: Int32Array, { framesPerSecond, burstFrames, mode }: ShapingOptions) {
    this.#inner = inner;
    this.#framesPerSecond = framesPerSecond;
    this.#rowOf = rowOf;
    this.#police = mode === 'police';
    const rateBps = new Float64Array(rowOf.length).fill(framesPerSecond * 8);
    const depth = new Int32Array(rowOf.length).fill(burstFrames);
    this.#buckets = new TokenBuckets(rateBps, depth, this.#clockNs);
    this.columns = this.#buckets.columns(0);
  }

  admit(batch: TransmitBatch): undefined {
    this.#clockNs[0] = Math.round(batch.nowUs * 1000);
    const row = this.#rowOf[batch.vm];
    const allowed = this.#buckets.refill(row);
    if (this.#police) this.#dropBeyond(batch, row, allowed);
    else this.#leaveBeyond(batch, row, allowed);
  }

  /** A frame that the other policy has decided about is for that to explain. */
  explain(batch: TransmitBatch, i: number): Explanation {
    const left = i < batch.queuedFrom && batch.verdict[i] === Verdict.Admit;
    if (left || i < this.#short || this.#short > batch.queuedFrom) return this.#inner.explain(batch, i);
    const frameTokens = this.#buckets.tokens[this.#rowOf[batch.vm]];
    const state = { framesPerSecond: this.#framesPerSecond, frameTokens };
    return { why: `no more of its ${this.#framesPerSecond} frames a second are left`, state };
  }

  #dropBeyond(batch: TransmitBatch, row: number, allowed: number): void {
    this.#inner.admit(batch);
    let left = allowed;
    this.#short = batch.count;
    for (let i = 0; i < batch.queuedFrom; i++) {
      if (batch.verdict[i] === Verdict.Drop) continue;
      if (left > 0) left--;
      else {
        if (i < this.#short) this.#short = i;
        batch.drop(i, DropReason.Policed);
      }
    }
    this.#buckets.tokens[row] = left;
  }

  /** The other policy is shown those alone that may go: it must not charge for what waits. */
  #leaveBeyond(batch: TransmitBatch, row: number, allowed: number): void {
    const { count } = batch;
    const shown = Math.min(count, allowed);
    this.#short = shown;
    batch.count = shown;
    batch.queuedFrom = shown;
    if (shown > 0) this.#inner.admit(batch);
    batch.count = count;
    const dropped = batch.drops;
    this.#buckets.tokens[row] = allowed - (batch.queuedFrom - dropped);
    if (batch.queuedFrom < shown || shown === count) return;
    const waitNs = Math.min(this.#buckets.waitNs(row, 1), LONGEST_WAIT_NS);
    batch.queueFrom(shown, (this.#clockNs[0] + waitNs) / 1000);
  }
}
