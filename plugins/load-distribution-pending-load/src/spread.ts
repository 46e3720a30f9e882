import type { NicTable } from '@fairlead/sdk';

/*
 * What runs for every batch is made once around an object `fixed`, which it takes apart in its first line: V8 compiles
 * what it finds there in as constants, where it would check an array's kind and load its address at every access.
 */

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

/** Moves those that finish after `us` one place to the tail, which is free, and returns the place that this frees. */
type MakeRoom = (head: number, tail: number, us: number) => number;

function createMakeRoom(window: FinishOrder): MakeRoom {
  const fixed = { ...window };
  return function makeRoom(head, tail, us) {
    const { order, finishUs } = fixed;
    let place = tail;
    while (place > head && finishUs[place - 1] > us) {
      finishUs[place] = finishUs[place - 1];
      order[place] = order[place - 1];
      place = (place - 1) | 0;
    }
    return place;
  };
}

/** Sorts the NICs by what is pending now. */
export type Project = (nicCount: number) => void;

export function createProject(
  window: FinishOrder,
  nics: NicTable,
  usPerByte: Float64Array,
  grainBytes: number,
): Project {
  const makeRoom = createMakeRoom(window);
  const fixed = { ...window, pendingBytes: nics.pendingBytes, usPerByte, grainBytes, makeRoom };
  return function project(nicCount) {
    const { order, finishUs, head, pendingBytes, usPerByte, grainBytes, makeRoom } = fixed;
    const from = head[0];
    let lastUs = Number.NEGATIVE_INFINITY;
    // An insertion sort: from batch to batch the order hardly changes, and equals must keep theirs.
    for (let k = 0; k < nicCount; k = (k + 1) | 0) {
      const nic = order[from + k];
      const us = (pendingBytes[nic] + grainBytes) * usPerByte[nic];
      let place = k;
      if (us >= lastUs) lastUs = us;
      else place = makeRoom(0, k, us);
      finishUs[place] = us;
      order[place] = nic;
    }
    head[0] = 0;
  };
}

/** Chooses a NIC for each of the first `count` frames. */
export type Spread = (count: number, nicCount: number) => void;

/** More than any batch holds; where a table holds nonsense, so that a budget is not a number, it ends the batch. */
const WHOLE_BATCH_BYTES = 2 ** 30;

export function createSpread(
  window: FinishOrder,
  usPerByte: Float64Array,
  grainBytes: number,
  bytes: Int32Array,
  chosen: Int32Array,
): Spread {
  const makeRoom = createMakeRoom(window);
  const fixed = { ...window, usPerByte, grainBytes, bytes, chosen, makeRoom, wholeBatchBytes: WHOLE_BATCH_BYTES };
  return function spread(count, nicCount) {
    const { order, finishUs, head, usPerByte, grainBytes, bytes, chosen, makeRoom, wholeBatchBytes } = fixed;
    let at = head[0];
    for (let i = 0; ; ) {
      const nic = order[at];
      const pace = usPerByte[nic];
      // Until it would finish after the runner-up. Never under one grain, since it is first.
      const untilBytes = (finishUs[at + 1] - finishUs[at]) / pace + grainBytes;
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
      const us = finishUs[at] + (budgetBytes - leftBytes) * pace;
      const place = makeRoom(at + 1, at + nicCount, us);
      at = (at + 1) | 0;
      finishUs[place] = us;
      order[place] = nic;
    }
  };
}
