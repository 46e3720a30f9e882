import { type ObservedBatch, TcpFlag } from '@fairlead/sdk';
import { generationOf, Opening, open, SLOT_SHIFT, SLOTS, TAG_SHIFT, weightOf } from './opened.ts';
import { CELLS, Column } from './state.ts';

const { Ack, Rst, Syn } = TcpFlag;
/** SYNs of a row in a window that are all looked at; behind them, those of one batch in so many. */
const PLENTY = 8192;
const ONE_IN = 4;

/** What the data path reads and writes; it never changes, so that V8 compiles the arrays' addresses in. */
export interface Fixed {
  readonly cells: Float64Array;
  readonly slots: Int32Array;
  /** The window's number. */
  readonly window: { now: number };
}

/** Makes what looks at each frame. Most neither open a connection nor reset one: they may be the first that goes on. */
export function createObserve(given: Fixed): (batch: ObservedBatch) => undefined {
  const next = { dice: 1 };
  const fixed = { ...given, seldom: createSeldom(given), slotShift: SLOT_SHIFT, tagShift: TAG_SHIFT, opens: Syn | Rst };
  return (batch) => {
    const { cells, slots, seldom, slotShift, tagShift, opens } = fixed;
    const { count } = batch;
    const { tcpFlags, flow } = batch.headers;
    const row = 2 * batch.vm + (batch.direction === 'outbound' ? 1 : 0);
    const first = row * SLOTS;
    let standsFor = standingFor(batch);
    if (cells[row * CELLS + Column.syns] > PLENTY * standsFor) {
      next.dice = (Math.imul(next.dice, 1_664_525) + 1_013_904_223) | 0;
      standsFor = next.dice >>> 30 === 0 ? ONE_IN * standsFor : 0;
    }
    let wentOn = 0;
    for (let i = 0; i < count; i = (i + 1) | 0) {
      const hash = flow[i];
      if (standsFor !== 0 && (tcpFlags[i] & opens) !== 0) {
        seldom(row, tcpFlags[i], hash, standsFor);
        continue;
      }
      const at = (first + (Math.imul(hash, 0x9e3779b1) >>> slotShift)) | 0;
      const slot = slots[at];
      if ((slot ^ hash) >>> tagShift !== 0 || (tcpFlags[i] & opens) !== 0) continue;
      slots[at] = 0;
      wentOn = (wentOn + weightOf(slot)) | 0;
    }
    if (wentOn !== 0) cells[row * CELLS + Column.wentOn] += wentOn;
  };
}

/**
 * How many SYNs each SYN of a batch stands for. In a slice of time those of the second half stand for none, and those of
 * the first for theirs as well: so each that counts has half a slice to be gone on with.
 */
function standingFor({ weight, nowUs, sinceUs, untilUs }: ObservedBatch): number {
  if (weight === 1) return 1;
  return nowUs - sinceUs < untilUs - nowUs ? 2 * weight : 0;
}

function createSeldom(fixed: Fixed): (row: number, flags: number, flow: number, standsFor: number) => void {
  return (row, flags, flow, standsFor) => {
    const { cells, slots, window } = fixed;
    const cell = row * CELLS;
    const step = flags & (Ack | Rst | Syn);
    if (step === Syn) {
      const weight = standsFor + cells[cell + Column.unwatched];
      const opening = open(slots, row, flow, generationOf(window.now), weight);
      if (opening === Opening.Again) return;
      cells[cell + Column.syns] += standsFor;
      cells[cell + Column.unwatched] = opening === Opening.Watched ? 0 : weight;
    } else if (step === (Ack | Rst)) {
      // Of a refusal (RFC 9293, section 3.10.7.1) or an abort; without ACK it answers a stray frame.
      cells[(row ^ 1) * CELLS + Column.resets] += standsFor;
    }
  };
}
