import { type ObservedBatch, TcpFlag } from '@fairlead/sdk';
import { CELLS, Column, Histogram, ROW } from './state.ts';

/** From the flag to the histogram, without a branch that nobody could foretell. */
const TO_GO_ON = Histogram.goOn / TcpFlag.Ack;

/** What the data path reads and writes; it never changes, so that V8 compiles the arrays' addresses in. */
export interface Fixed {
  readonly cells: Float64Array;
  readonly histograms: Int32Array;
}

/**
 * Makes what counts some of the frames: gaps of 1 to 32, each as likely. At equal ones a sender that takes turns could
 * keep step, and would be counted always or never.
 */
export function createObserve(fixed: Fixed): (batch: ObservedBatch) => undefined {
  const next = { skip: 0, dice: 1 };
  return (batch) => {
    const { cells, histograms } = fixed;
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
    const { tcpFlags, source, destination } = batch.headers;
    const addresses = isOutbound ? destination : source;
    while (i < count) {
      const bucket = Math.imul(addresses[i], 0x9e3779b1) >>> 27;
      histograms[row * ROW + (tcpFlags[i] & TcpFlag.Ack) * TO_GO_ON + bucket]++;
      dice = (Math.imul(dice, 1_664_525) + 1_013_904_223) | 0;
      i += 1 + (dice >>> 27);
    }
    next.skip = i - count;
    next.dice = dice;
  };
}
