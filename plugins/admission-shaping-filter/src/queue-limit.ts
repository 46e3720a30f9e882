import { type AdmissionPolicy, DropReason, type Explanation, type TransmitBatch } from '@fairlead/sdk';
import type { Explained } from './frame-rate.ts';

/**
 * Behind another policy, a bound on what it leaves waiting: of the frames beyond it the oldest are dropped. The sender
 * hears of the loss sooner than if the newest were (Lakshman, Neidhardt & Ott 1996), and none waits for longer than the
 * rate takes for the bound.
 */
export class QueueLimit implements AdmissionPolicy {
  /* Frames of the last batch that were dropped here: from the first to before the second. */
  #from = 0;
  #until = 0;

  constructor(
    private readonly inner: Explained,
    private readonly queueFrames: number,
  ) {}

  admit(batch: TransmitBatch): undefined {
    this.inner.admit(batch);
    const from = batch.queuedFrom;
    const excess = batch.backlog - from - this.queueFrames;
    this.#from = from;
    this.#until = from;
    if (from === batch.count || excess <= 0) return;
    const until = Math.min(batch.count, from + excess);
    for (let i = from; i < until; i++) batch.drop(i, DropReason.Policed);
    this.#until = until;
    batch.queuedFrom = until;
  }

  explain(batch: TransmitBatch, i: number): Explanation {
    if (i < this.#from || i >= this.#until) return this.inner.explain(batch, i);
    const { queueFrames } = this;
    return { why: `more than ${queueFrames} frames would wait, and it is among the oldest`, state: { queueFrames } };
  }
}
