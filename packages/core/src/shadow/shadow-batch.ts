import { type NicTable, TransmitBatch, Verdict, type VmTable } from '@fairlead/sdk';
import type { NicView } from '../memory/nic-view.ts';
import { DIFFERENCE_FIELDS, type ShadowRecord } from './shadow-record.ts';

/**
 * The batch that a shadow is handed: the input of the real one, copied before the real policy was asked, in arrays of
 * its own. The arrays are kept here as well, so that a shadow that puts others into its batch fools itself alone.
 */
export class ShadowBatch {
  readonly batch = new TransmitBatch();
  readonly nic = this.batch.nic;
  readonly verdict = this.batch.verdict;
  /** The whole input, of which the shadow is given the end that it has not decided upon yet. */
  readonly bytes: Int32Array;
  readonly flow: Int32Array;
  readonly #givenBytes = this.batch.bytes;
  readonly #givenFlow = this.batch.flow;
  readonly #givenOffset = this.batch.offset;
  /** Copies of the frames of the input, `#frameBytes` apart; empty for a shadow that does not read them. */
  readonly #memory: Uint8Array;
  readonly #frameBytes: number;
  vm = 0;
  count = 0;
  nowUs = 0;
  backlog = 0;

  /** `frameBytes`: the longest frame, for a shadow that reads headers; 0 for one that does not. */
  constructor(frameBytes: number) {
    this.bytes = new Int32Array(this.nic.length);
    this.flow = new Int32Array(this.nic.length);
    this.#frameBytes = frameBytes;
    this.#memory = new Uint8Array(frameBytes * this.nic.length);
  }

  /** Takes the input down, before the real policy sees it. */
  copy({ vm, count, nowUs, backlog, bytes, flow, memory, offset }: TransmitBatch): void {
    this.vm = vm;
    this.count = count;
    this.nowUs = nowUs;
    this.backlog = backlog;
    for (let i = 0; i < count; i++) {
      this.bytes[i] = bytes[i];
      this.flow[i] = flow[i];
    }
    if (this.#frameBytes > 0) this.#copyFrames(memory, offset);
  }

  /** Byte by byte, since a view of each frame would be garbage. */
  #copyFrames(memory: Uint8Array, offset: Int32Array): void {
    for (let i = 0; i < this.count; i++) {
      const to = i * this.#frameBytes;
      const length = Math.min(this.bytes[i], this.#frameBytes);
      for (let at = 0; at < length; at++) this.#memory[to + at] = memory[offset[i] + at];
    }
  }

  /** Fills the shadow's batch from frame `from` on. */
  give(from: number): TransmitBatch {
    const { batch } = this;
    const count = this.count - from;
    for (let i = 0; i < count; i++) {
      this.#givenBytes[i] = this.bytes[from + i];
      this.#givenFlow[i] = this.flow[from + i];
      this.#givenOffset[i] = (from + i) * this.#frameBytes;
    }
    this.verdict.fill(Verdict.Admit);
    this.nic.fill(0, 0, count);
    batch.memory = this.#memory;
    batch.drops = 0;
    batch.begin(this.vm, count, this.nowUs, this.backlog - from);
    return batch;
  }
}

/** Writes a differing decision down, with the state that it was made on. */
export function keepDifference(
  record: ShadowRecord,
  { vm, nowUs, backlog, bytes, flow }: ShadowBatch,
  frame: number,
  answers: { real: number; shadow: number; realRetryAtUs: number; shadowRetryAtUs: number },
  nics: NicView & NicTable,
  vms: VmTable,
): void {
  const place = record.placeOfNext();
  if (place < 0) return;
  const { limitBps, reservationBps, entitledBps, priority } = vms;
  const values: Record<(typeof DIFFERENCE_FIELDS)[number], number> = {
    ...answers,
    atUs: nowUs,
    vm,
    bytes: bytes[frame],
    backlogFrames: backlog,
    flow: flow[frame],
    availableMask: nics.availableMask,
    limitBps: limitBps[vm],
    reservationBps: reservationBps[vm],
    entitledBps: entitledBps[vm],
    priority: priority[vm],
  };
  let at = place;
  for (const field of DIFFERENCE_FIELDS) record.differences[at++] = values[field];
  for (let nic = 0; nic < nics.count; nic++) {
    record.differences[at++] = nics.pendingBytes[nic];
    record.differences[at++] = nics.speedBps[nic];
  }
}
