import { DROP_REASON_COUNT, DropReason, type TransmitBatch, Verdict, type VmTable } from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';
import type { FramePool } from '../memory/frame-pool.ts';

/** Frames of a batch that are to be dropped, and why. They are set apart first, and dropped when the batch is committed. */
export class BatchDrops {
  readonly #vms: VmTable;
  readonly #pool: FramePool;
  readonly #batch: TransmitBatch;
  readonly #frames: Int32Array;
  readonly #apart: Int32Array;
  readonly #why: Uint8Array;

  /** `frames` holds the descriptors of the batch's frames. */
  constructor({ vms, pool }: Arena, batch: TransmitBatch, frames: Int32Array, batchFrames: number) {
    this.#vms = vms;
    this.#pool = pool;
    this.#batch = batch;
    this.#frames = frames;
    this.#apart = new Int32Array(batchFrames);
    this.#why = new Uint8Array(batchFrames);
  }

  /** Sets the frames that are to be dropped apart from the first `decided`; returns how many are kept. */
  setApart(decided: number): number {
    const { bytes, flow, offset, verdict, reason } = this.#batch;
    const frames = this.#frames;
    let [kept, dropped] = [0, 0];
    for (let i = 0; i < decided; i++) {
      if (verdict[i] === Verdict.Drop) {
        this.#why[dropped] = reason[i] < DROP_REASON_COUNT ? reason[i] : DropReason.Policed;
        this.#apart[dropped++] = frames[i];
        continue;
      }
      frames[kept] = frames[i];
      bytes[kept] = bytes[i];
      flow[kept] = flow[i];
      offset[kept++] = offset[i];
    }
    return kept;
  }

  /** Drops what was set apart. */
  dropAll(vm: number, count: number): void {
    for (let i = 0; i < count; i++) this.drop(vm, this.#apart[i], this.#why[i] as DropReason);
  }

  drop(vm: number, descriptor: number, reason: DropReason): void {
    this.#vms.dropped[vm * DROP_REASON_COUNT + reason]++;
    this.#pool.free(descriptor >>> this.#pool.lengthBits);
  }
}
