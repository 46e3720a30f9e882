import { type AdmissionPolicy, DropReason, type TransmitBatch } from '@fairlead/sdk';

/**
 * Behind another policy, a bound on what it leaves waiting: of the frames beyond it the oldest are dropped. The sender
 * hears of the loss sooner than if the newest were (Lakshman, Neidhardt & Ott 1996), and none waits for longer than the
 * rate takes for the bound.
 */
export class QueueLimit implements AdmissionPolicy {
  constructor(
    private readonly inner: AdmissionPolicy,
    private readonly queueFrames: number,
  ) {}

  admit(batch: TransmitBatch): undefined {
    this.inner.admit(batch);
    const from = batch.queuedFrom;
    const excess = batch.backlog - from - this.queueFrames;
    if (from === batch.count || excess <= 0) return;
    const until = Math.min(batch.count, from + excess);
    for (let i = from; i < until; i++) batch.drop(i, DropReason.Policed);
    batch.queuedFrom = until;
  }
}
