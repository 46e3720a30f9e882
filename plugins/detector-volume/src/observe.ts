import type { ObservedBatch } from '@fairlead/sdk';
import { BITMAP_WORDS } from './flow-bitmap.ts';
import { BITMAPS, CELLS, Column } from './state.ts';

/** What the data path reads and writes; it never changes, so that V8 compiles the arrays' addresses in. */
export interface Fixed {
  readonly cells: Float64Array;
  /** For each row two bitmaps, this window's and the former one's, which change places, and what was set twice. */
  readonly bits: Int32Array;
  /** Which of the two is this window's. */
  readonly half: { now: number };
}

/**
 * Makes what counts bytes and frames, and looks at the flows of some: gaps of 1 to 8 frames, each as likely. At equal
 * ones a sender that takes turns among its flows could keep step, and hide some.
 */
export function createObserve(fixed: Fixed): (batch: ObservedBatch) => undefined {
  const next = { skip: 0, dice: 1 };
  return (batch) => {
    const { cells, bits, half } = fixed;
    const { count } = batch;
    const { flow } = batch.headers;
    const row = 2 * batch.vm + (batch.direction === 'outbound' ? 1 : 0);
    const now = (row * BITMAPS + half.now) * BITMAP_WORDS;
    const former = now + (1 - 2 * half.now) * BITMAP_WORDS;
    const twice = now + (2 - half.now) * BITMAP_WORDS;
    let set = 0;
    let fresh = 0;
    let again = 0;
    let { dice, skip: i } = next;
    while (i < count) {
      const place = Math.imul(flow[i], 0x9e3779b1) >>> 22;
      const word = place >>> 5;
      const bit = 1 << place;
      if ((bits[now + word] & bit) === 0) {
        bits[now + word] |= bit;
        set++;
        if ((bits[former + word] & bit) === 0) fresh++;
      } else if ((bits[twice + word] & bit) === 0) {
        bits[twice + word] |= bit;
        if ((bits[former + word] & bit) === 0) again++;
      }
      dice = (Math.imul(dice, 1_664_525) + 1_013_904_223) | 0;
      i += 1 + (dice >>> 29);
    }
    next.skip = i - count;
    next.dice = dice;
    const cell = row * CELLS;
    cells[cell + Column.bytes] += batch.bytes * batch.weight;
    cells[cell + Column.frames] += count * batch.weight;
    cells[cell + Column.shown] += count;
    if (set + again === 0) return;
    cells[cell + Column.setBits] += set;
    cells[cell + Column.freshBits] += fresh;
    cells[cell + Column.againBits] += again;
  };
}
