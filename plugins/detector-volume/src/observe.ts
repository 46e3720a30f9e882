import { type ObservedBatch, TcpFlag } from '@fairlead/sdk';
import { BITMAP_WORDS } from './flow-bitmap.ts';
import { BITMAPS, CELLS, Column } from './state.ts';

const { Ack, Rst, Syn } = TcpFlag;
/** Of these flags a frame that goes on with a connection has the first alone. */
const STEP = Ack | Rst | Syn;

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
    const { flow, tcpFlags } = batch.headers;
    const { bytes } = batch.frames;
    const row = 2 * batch.vm + (batch.direction === 'outbound' ? 1 : 0);
    const now = (row * BITMAPS + half.now) * BITMAP_WORDS;
    const former = now + (1 - 2 * half.now) * BITMAP_WORDS;
    const twice = now + (2 - half.now) * BITMAP_WORDS;
    let set = 0;
    let fresh = 0;
    let again = 0;
    let freshOn = 0;
    let looked = 0;
    let { dice, skip: i } = next;
    while (i < count) {
      const step = tcpFlags[i] & STEP;
      const place = Math.imul(flow[i], 0x9e3779b1) >>> 22;
      const word = place >>> 5;
      const bit = 1 << place;
      if ((bits[now + word] & bit) === 0) {
        bits[now + word] |= bit;
        set++;
        if ((bits[former + word] & bit) === 0) {
          fresh++;
          if (step === Ack) freshOn++;
        }
      } else if ((bits[twice + word] & bit) === 0) {
        bits[twice + word] |= bit;
        if ((bits[former + word] & bit) === 0) again++;
      }
      looked++;
      if (step !== Ack) countStep(cells, row * CELLS, step, bytes[i]);
      dice = (Math.imul(dice, 1_664_525) + 1_013_904_223) | 0;
      i += 1 + (dice >>> 29);
    }
    next.skip = i - count;
    next.dice = dice;
    const cell = row * CELLS;
    cells[cell + Column.bytes] += batch.bytes * batch.weight;
    cells[cell + Column.frames] += count * batch.weight;
    cells[cell + Column.shown] += count;
    cells[cell + Column.looked] += looked;
    if (set + again === 0) return;
    cells[cell + Column.setBits] += set;
    cells[cell + Column.freshBits] += fresh;
    cells[cell + Column.againBits] += again;
    cells[cell + Column.freshOn] += freshOn;
  };
}

/** Counts a frame that opens a connection, or neither opens one nor goes on with it. */
function countStep(cells: Float64Array, cell: number, step: number, bytes: number): void {
  if ((step & (Syn | Rst)) === Syn) cells[cell + Column.opened]++;
  else {
    cells[cell + Column.other]++;
    cells[cell + Column.otherBytes] += bytes;
  }
}
