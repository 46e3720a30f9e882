import { MAX_BATCH, MAX_NICS, type NicTable, type TransmitBatch } from '@fairlead/sdk';
import type { NicPace } from './nic-pace.ts';

/**
 * The available NICs, soonest finished first, as a window of two arrays. A NIC that has had its part leaves at the head
 * and comes in again towards the tail, so the window moves one to the right, and now and then back to the left end:
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

/** Entries that a batch may need: the window, and one more for each frame and at each end. */
const ROOM = MAX_NICS + MAX_BATCH + 2;
const ENTRIES = 4 * ROOM;

/** An order that holds no NIC yet. */
export function emptyOrder(): FinishOrder {
  return { order: new Int32Array(ENTRIES), finishUs: new Float64Array(ENTRIES), head: new Int32Array(1) };
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
    table: { speedBps: nics.speedBps, pendingBytes: nics.pendingBytes },
    known: { learntBps: pace.learntBps, usPerByte: pace.usPerByte },
    batch: { bytes: batch.bytes, chosen: batch.nic },
    limit: { grainBytes, wholeBatchBytes: WHOLE_BATCH_BYTES, lastStart: ENTRIES - ROOM },
    pace,
  };
  return function spread(count, nicCount, outranked) {
    const { order, finishUs, head } = fixed.window;
    const { speedBps, pendingBytes } = fixed.table;
    const { learntBps, usPerByte } = fixed.known;
    const { bytes, chosen } = fixed.batch;
    const { grainBytes, wholeBatchBytes, lastStart } = fixed.limit;
    const { pace } = fixed;

    let from = head[0];
    if (from > lastStart) {
      order.copyWithin(0, from, from + nicCount);
      from = 0;
    }
    // By what is pending now. From batch to batch the order hardly changes: mostly one look confirms it.
    let learnt = false;
    let lastUs = Number.NEGATIVE_INFINITY;
    let k = 0;
    for (; k < nicCount; k = (k + 1) | 0) {
      const nic = order[from + k];
      if (speedBps[nic] !== learntBps[nic] && !learnt) {
        pace.learn();
        learnt = true; // once: a speed that is not a number never equals itself
        lastUs = Number.NEGATIVE_INFINITY;
        k = -1;
        continue;
      }
      const us = (pendingBytes[nic] + grainBytes) * usPerByte[nic];
      if (!(us >= lastUs)) break;
      finishUs[from + k] = us;
      lastUs = us;
    }
    // The rest is sorted by insertion: equals keep their order.
    for (; k < nicCount; k = (k + 1) | 0) {
      const nic = order[from + k];
      const us = (pendingBytes[nic] + grainBytes) * usPerByte[nic];
      let place = (from + k) | 0;
      if (us >= lastUs) lastUs = us;
      else {
        for (; place > from && finishUs[place - 1] > us; place = (place - 1) | 0) {
          finishUs[place] = finishUs[place - 1];
          order[place] = order[place - 1];
        }
      }
      finishUs[place] = us;
      order[place] = nic;
    }

    let at = from;
    if (outranked) {
      order[from + nicCount] = order[from];
      finishUs[from + nicCount] = Number.POSITIVE_INFINITY;
      at = (from + 1) | 0;
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
