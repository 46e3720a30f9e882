import { type ObservedBatch, TcpFlag } from '@fairlead/sdk';
import { COLUMNS, countAddress } from './space-saving.ts';
import { CELLS, Column } from './state.ts';

const { Ack, Rst, Syn } = TcpFlag;
/** Of these flags a frame that goes on with a connection has the first alone. */
const STEP = Ack | Rst | Syn;

/** What the data path reads and writes; it never changes, so that V8 compiles the arrays' addresses in. */
export interface Fixed {
  readonly cells: Float64Array;
  readonly counters: Int32Array;
  /** Counters of a row. */
  readonly k: number;
}

/**
 * Makes what counts a few of the frames: gaps of 1 to 128, each as likely. At equal ones a sender that takes turns could
 * keep step, and would be counted always or never.
 */
export function createObserve(fixed: Fixed): (batch: ObservedBatch) => undefined {
  const next = { skip: 0, dice: 1 };
  return (batch) => {
    const { cells, counters, k } = fixed;
    const { count } = batch;
    const isOutbound = batch.direction === 'outbound';
    const row = 2 * batch.vm + (isOutbound ? 1 : 0);
    cells[row * CELLS + Column.frames] += count * batch.weight;
    let i = next.skip;
    if (i >= count) {
      next.skip = i - count;
      return;
    }
    let { dice } = next;
    const { destination, source, tcpFlags } = batch.headers;
    const addresses = isOutbound ? destination : source;
    let sampled = 0;
    while (i < count) {
      const address = addresses[i];
      if (address !== 0) {
        countAddress(counters, row * COLUMNS * k, k, address, (tcpFlags[i] & STEP) === Ack ? 1 : 0);
      }
      sampled++;
      dice = (Math.imul(dice, 1_664_525) + 1_013_904_223) | 0;
      i += 1 + (dice >>> 25);
    }
    next.skip = i - count;
    next.dice = dice;
    cells[row * CELLS + Column.samples] += sampled;
  };
}
