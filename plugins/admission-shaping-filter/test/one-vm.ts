import { type AdmissionPolicy, Verdict } from '@fairlead/sdk';
import { testBatch } from '@fairlead/sdk/testing';

export interface Frame {
  readonly atNs: number;
  readonly bytes: number;
}

export interface Outcome {
  readonly sent: Frame[];
  readonly dropped: Frame[];
}

/** A minute of waiting, asked again each 100 ms, takes 600. */
const MOST_IN_VAIN = 2_000;

/**
 * Runs frames of VM 0 through a policy as the host does: in order, up to `batchFrames` at a time, asked again when the
 * policy said so, at the next multiple of `tickNs`. Frames must be in order of time; ends when none is waiting, or at
 * `untilNs`.
 */
export function runOneVm(
  policy: AdmissionPolicy,
  frames: readonly Frame[],
  { batchFrames = 32, tickNs = 1, untilNs = Number.POSITIVE_INFINITY } = {},
): Outcome {
  const outcome: Outcome = { sent: [], dropped: [] };
  const batch = testBatch([]);
  let head = 0;
  let nowNs = 0;
  let inVain = 0;
  while (head < frames.length) {
    nowNs = Math.max(nowNs, frames[head].atNs);
    if (nowNs > untilNs) return outcome;
    let count = 1;
    while (count < batchFrames && frames[head + count]?.atNs <= nowNs) count++;
    const bytes = frames.slice(head, head + count).map((frame) => frame.bytes);
    testBatch(bytes, { nowUs: nowNs / 1000 }, batch);
    policy.admit(batch);
    for (let i = 0; i < batch.queuedFrom; i++) {
      const into = batch.verdict[i] === Verdict.Drop ? outcome.dropped : outcome.sent;
      into.push({ atNs: nowNs, bytes: bytes[i] });
    }
    head += batch.queuedFrom;
    inVain = batch.queuedFrom === 0 ? inVain + 1 : 0;
    if (inVain > MOST_IN_VAIN) throw new Error(`frame ${head} still waits after ${inVain} retries`);
    if (batch.queuedFrom < count) {
      const retryNs = Math.round(batch.retryAtUs * 1000);
      nowNs = Math.max(nowNs + 1, Math.ceil(retryNs / tickNs) * tickNs);
    }
  }
  return outcome;
}
