import { MAX_BATCH, type NicTable } from '@fairlead/sdk';

/**
 * How much each unit has sent. A frame counts when it has been put on a NIC's queue, which is known when the next batch
 * comes: a policy is asked again about frames that found no room, and about those that are taken back from a NIC.
 */
export class Meter {
  /** Bytes since the last `reset`, by unit. */
  readonly bytes: Float64Array;
  readonly #nics: NicTable;
  readonly #unit = new Int32Array(MAX_BATCH);
  readonly #length = new Int32Array(MAX_BATCH);
  #count = 0;
  #queued = 0;

  constructor(nics: NicTable, units: number) {
    this.#nics = nics;
    this.bytes = new Float64Array(units);
  }

  /** Counts those frames of the batch before that were put on a queue for the first time: the first ones. */
  settle(): void {
    const queued = this.#queuedFrames();
    const taken = queued - this.#queued;
    this.#queued = queued;
    const count = taken < this.#count ? taken : this.#count;
    for (let i = 0; i < count; i++) this.bytes[this.#unit[i]] += this.#length[i];
    this.#count = 0;
  }

  /** A frame of this batch. */
  add(unit: number, bytes: number): void {
    this.#unit[this.#count] = unit;
    this.#length[this.#count++] = bytes;
  }

  #queuedFrames(): number {
    const { enqueuedFrames, takenBackFrames, count } = this.#nics;
    let frames = 0;
    for (let nic = 0; nic < count; nic++) frames += enqueuedFrames[nic] - takenBackFrames[nic];
    return frames;
  }
}
