import { type ObservedBatch, TcpFlag } from '@fairlead/sdk';
import { generationOf, Opening, open, SLOT_SHIFT, SLOTS, TAG, weightOf } from './opened.ts';
import { CELLS, Column } from './state.ts';

const { Ack, Rst, Syn } = TcpFlag;
const SELDOM = Syn | Rst;

/** What the data path reads and writes; it never changes, so that V8 compiles the arrays' addresses in. */
export interface Fixed {
  readonly cells: Float64Array;
  readonly slots: Int32Array;
  /** The window's number. */
  readonly window: { now: number };
}

/** Makes what looks at each frame. Most neither open a connection nor reset one: they may be the first of one that goes on. */
export function createObserve(fixed: Fixed): (batch: ObservedBatch) => undefined {
  const { cells, slots } = fixed;
  const seldom = createSeldom(fixed);
  return (batch) => {
    const { count } = batch;
    const { tcpFlags, flow } = batch.headers;
    const row = 2 * batch.vm + (batch.direction === 'outbound' ? 1 : 0);
    const first = row * SLOTS;
    let wentOn = 0;
    for (let i = 0; i < count; i++) {
      const hash = flow[i];
      if ((tcpFlags[i] & SELDOM) !== 0) {
        seldom(row, tcpFlags[i], hash);
        continue;
      }
      const at = first + (Math.imul(hash, 0x9e3779b1) >>> SLOT_SHIFT);
      const slot = slots[at];
      if (((slot ^ hash) & TAG) !== 0) continue;
      slots[at] = 0;
      wentOn += weightOf(slot);
    }
    if (wentOn !== 0) cells[row * CELLS + Column.wentOn] += wentOn;
  };
}

function createSeldom(fixed: Fixed): (row: number, flags: number, flow: number) => void {
  const { cells, slots, window } = fixed;
  return (row, flags, flow) => {
    const cell = row * CELLS;
    const step = flags & (Ack | Rst | Syn);
    if (step === Syn) {
      const weight = 1 + cells[cell + Column.unwatched];
      const opening = open(slots, row, flow, generationOf(window.now), weight);
      if (opening === Opening.Again) return;
      cells[cell + Column.syns]++;
      cells[cell + Column.unwatched] = opening === Opening.Watched ? 0 : weight;
    } else if (step === (Ack | Rst)) {
      // Of a refusal (RFC 9293, section 3.10.7.1) or an abort; without ACK it answers a stray frame.
      cells[(row ^ 1) * CELLS + Column.resets]++;
    }
  };
}
