import type { NicTable, TransmitBatch } from '@fairlead/sdk';
import type { NicPace } from './nic-pace.ts';

/**
 * The available NICs, soonest finished first, as a window of two arrays. A NIC that has had its part leaves at the head
 * and comes in again towards the tail, so the window moves one to the right; a batch cannot do that more than MAX_BATCH
 * times, and the next batch writes it at the left end again:
 *
 *     order    │ … │ 2 │ 0 │ 3 │ 1 │ … │      NIC numbers
 *     finishUs │ … │ 5 │ 5 │ 8 │ 9 │ … │      when it would be finished with one grain more
 *                    ▲ head
 */
export interface FinishOrder {
  readonly order: Int32Array;
  readonly finishUs: Float64Array;
  /** Its only entry: where the head is. */
  readonly head: Int32Array;
}

/** More than any batch holds; where a table holds nonsense, so that a budget is not a number, it ends the batch. */
const WHOLE_BATCH_BYTES = 2 ** 30;

/** Chooses a NIC for each of the first `count` frames of a batch; `outranked`: without the one that is finished first. */
export type Spread = (count: number, nicCount: number, outranked: boolean) => void;

/**
 * Made once, around an object `fixed` that the function takes apart in its first lines: V8 compiles what it finds there
 * in as constants, where it would check an array's kind and load its address at every access.
 */
export function createSpread(
  window: FinishOrder,
  nics: NicTable,
  pace: NicPace,
  grainBytes: number,
  batch: TransmitBatch,
): Spread {
  const { order, finishUs, head } = window;
  const fixed = {
    window: { order, finishUs, head },
    table: { nicsInAll: nics.count, speedBps: nics.speedBps, pendingBytes: nics.pendingBytes },
    known: { learntBps: pace.learntBps, usPerByte: pace.usPerByte },
    batch: { bytes: batch.bytes, chosen: batch.nic },
    limit: { grainBytes, wholeBatchBytes: WHOLE_BATCH_BYTES },
    pace,
  };
  return function spread(count, nicCount, outranked) {
    const { order, finishUs, head } = fixed.window;
    const { nicsInAll, speedBps, pendingBytes } = fixed.table;
    const { learntBps, usPerByte } = fixed.known;
    const { bytes, chosen } = fixed.batch;
    const { grainBytes, wholeBatchBytes } = fixed.limit;
    const { pace } = fixed;

    for (let nic = 0; nic < nicsInAll; nic = (nic + 1) | 0) {
      if (speedBps[nic] === learntBps[nic]) continue;
      pace.learn();
      break;
    }

    // Sorts the NICs by what is pending now, by insertion: from batch to batch the order hardly changes, and equals must
    // keep theirs.
    const from = head[0];
    let lastUs = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < nicCount; k = (k + 1) | 0) {
      const nic = order[from + k];
      const us = (pendingBytes[nic] + grainBytes) * usPerByte[nic];
      let place = k;
      if (us >= lastUs) lastUs = us;
      else {
        for (; place > 0 && finishUs[place - 1] > us; place = (place - 1) | 0) {
          finishUs[place] = finishUs[place - 1];
          order[place] = order[place - 1];
        }
      }
      finishUs[place] = us;
      order[place] = nic;
    }

    let at = 0;
    if (outranked) {
      order[nicCount] = order[0];
      finishUs[nicCount] = Number.POSITIVE_INFINITY;
      at = 1;
    }
    for (let i = 0; ; ) {
      const nic = order[at];
      // Until it would finish after the runner-up. Never under one grain, since it is first.
      const untilBytes = (finishUs[at + 1] - finishUs[at]) / usPerByte[nic] + grainBytes;
      const budgetBytes = untilBytes < wholeBatchBytes ? Math.ceil(untilBytes) | 0 : wholeBatchBytes;
      let leftBytes = budgetBytes;
      for (; i < count && leftBytes > 0; i = (i + 1) | 0) {
        chosen[i] = nic;
        leftBytes = (leftBytes - bytes[i]) | 0;
      }
      if (i >= count) {
        order[at + nicCount] = nic; // last among equals at the next batch
        head[0] = at + 1;
        return;
      }
      const us = finishUs[at] + (budgetBytes - leftBytes) * usPerByte[nic];
      let place = (at + nicCount) | 0;
      at = (at + 1) | 0;
      for (; place > at && finishUs[place - 1] > us; place = (place - 1) | 0) {
        finishUs[place] = finishUs[place - 1];
        order[place] = order[place - 1];
      }
      finishUs[place] = us;
      order[place] = nic;
    }
  };
}
