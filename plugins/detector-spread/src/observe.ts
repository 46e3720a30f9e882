import { type FrameHeaders, type ObservedBatch, TcpFlag } from '@fairlead/sdk';
import { add } from './hyper-log-log.ts';
import { CELLS, Column, ROW, Sketch } from './state.ts';

const { Ack, Rst } = TcpFlag;
/** Either of them is in every frame of TCP but those that begin, and the strange ones of a scan: FIN, NULL, Xmas. */
const GOES_ON = Ack | Rst;
const TCP = 6;
const UDP = 17;

/** What the data path reads and writes; it never changes, so that V8 compiles the arrays' addresses in. */
export interface Fixed {
  readonly counts: Float64Array;
  readonly registers: Uint8Array;
  /** Beginnings in a window from which on it is looked at who goes on. */
  readonly many: number;
  /** Beginnings in a window beyond which one batch in four is looked at. */
  readonly plenty: number;
}

/**
 * Makes what looks at each frame: most go on with what has begun, and nothing is done about them.
 */
export function createObserve(fixed: Fixed): (batch: ObservedBatch) => undefined {
  const next = { dice: 1 };
  const hot = { ...fixed, target: createTarget(fixed), source: createSource(fixed), goesOn: GOES_ON };
  return (batch) => {
    const { counts, registers, many, plenty, target, source, goesOn } = hot;
    const { vm, count, headers } = batch;
    const { tcpFlags } = headers;
    const isOutbound = batch.direction === 'outbound';
    if (counts[vm * CELLS + (isOutbound ? Column.targets : Column.begin)] > plenty) {
      next.dice = (Math.imul(next.dice, 1_664_525) + 1_013_904_223) | 0;
      if (next.dice >>> 30 !== 0) return;
    }
    const begins = isOutbound ? target : source;
    for (let i = 0; i < count; i = (i + 1) | 0) if ((tcpFlags[i] & goesOn) === 0) begins(vm, headers, i);
    if (isOutbound) return;
    if (counts[vm * CELLS + Column.begin] < many) return;
    const { source: sources } = headers;
    for (let k = 0; k < count; k++) {
      if ((tcpFlags[k] & GOES_ON) === Ack) add(registers, vm * ROW + Sketch.goOn, sources[k]);
    }
  };
}

type Begins = (vm: number, headers: FrameHeaders, i: number) => void;

function createTarget(fixed: Fixed): Begins {
  return (vm, { protocol, ports, destination }, i) => {
    const { counts, registers } = fixed;
    if (protocol[i] === 0) return;
    const port = ports[i] & 0xffff;
    // Services have the lower port, as a rule; the other direction is an answer.
    if (protocol[i] === UDP && port >= ports[i] >>> 16) return;
    const hasPort = protocol[i] === UDP || protocol[i] === TCP;
    counts[vm * CELLS + Column.targets]++;
    const salt = hasPort ? Math.imul(port, 0x9e3779b1) : 0;
    add(registers, vm * ROW + Sketch.targets, destination[i] ^ salt);
  };
}

function createSource(fixed: Fixed): Begins {
  return (vm, { protocol, source }, i) => {
    const { counts, registers } = fixed;
    if (protocol[i] === 0) return;
    counts[vm * CELLS + Column.begin]++;
    add(registers, vm * ROW + Sketch.begin, source[i]);
  };
}
