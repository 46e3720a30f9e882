import type { NicTable, TransmitBatch } from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';
import type { FramePool } from '../memory/frame-pool.ts';
import type { NicView } from '../memory/nic-view.ts';
import { Phase, type Threads } from '../memory/threads.ts';
import { flowHash } from './flow-hash.ts';
import { createStage, type Stage, type Staged } from './hot-loops.ts';
import type { NicQueues } from './nic-queues.ts';
import type { Policies } from './policies.ts';

/**
 * Over which NIC: asks load distribution about the frames of a batch and puts them on the queues of the NICs it chose.
 * Nothing of it counts before `publish`.
 */
export class Dispatcher {
  readonly #nics: NicView & NicTable;
  readonly #pool: FramePool;
  readonly #threads: Threads;
  readonly #worker: number;
  readonly #batch: TransmitBatch;
  readonly #frames: Int32Array;
  readonly #policies: Policies;
  readonly #queues: NicQueues;
  readonly #staged: Staged = { frames: 0, bytes: 0, touched: 0 };
  readonly #stage: Stage;

  /** `frames` holds the descriptors of the batch's frames. */
  constructor(
    arena: Arena,
    worker: number,
    batch: TransmitBatch,
    frames: Int32Array,
    policies: Policies,
    queues: NicQueues,
  ) {
    this.#nics = arena.nics;
    this.#pool = arena.pool;
    this.#threads = arena.threads;
    this.#worker = worker;
    this.#batch = batch;
    this.#frames = frames;
    this.#policies = policies;
    this.#queues = queues;
    this.#stage = createStage(queues, arena.nics, frames, batch.bytes, batch.nic, this.#staged);
  }

  /** Bytes that the last `send` has staged. */
  get stagedBytes(): number {
    return this.#staged.bytes;
  }

  /** Stages frames on the NICs that load distribution chooses; returns how many found room. */
  send(vm: number, count: number, nowUs: number, waiting: number): number {
    const batch = this.#batch;
    let staged = 0;
    this.#staged.frames = 0; // those of the batch before are not this one's to take back
    for (let attempt = 0; ; attempt++) {
      batch.count = count;
      this.#threads.enter(this.#worker, Phase.Select, vm);
      let fault: unknown;
      try {
        const answer: unknown = this.#policies.distribution.select(batch);
        if (answer !== undefined) fault = new TypeError('select returned a value; a kernel must return undefined');
      } catch (cause) {
        fault = cause ?? new Error('threw undefined');
      }
      if (fault === undefined) {
        staged = this.#stage(count, this.#nics.availableMask);
        if (staged >= 0) return staged;
        fault = new RangeError(`chose NIC ${batch.nic[-1 - staged]}, which is not available`);
      }
      this.#policies.distributionFailed('select', vm, fault);
      this.#unstage(nowUs, waiting);
      if (attempt > 8) return 0; // fallbacks are finite; this bounds even a circle of them
    }
  }

  /** Takes back what a failed choice had staged. */
  #unstage(nowUs: number, waiting: number): void {
    const { nic, bytes } = this.#batch;
    for (let i = 0; i < this.#staged.frames; i++) {
      this.#queues.tail[nic[i]]--;
      this.#nics.pendingBytes[nic[i]] -= bytes[i];
    }
    this.#staged.frames = 0;
    this.#staged.bytes = 0;
    this.#batch.nowUs = nowUs;
    this.#batch.backlog = waiting;
  }

  /** Commits what was staged. */
  publish(): void {
    for (let mask = this.#staged.touched; mask !== 0; mask &= mask - 1)
      this.#queues.publish(31 - Math.clz32(mask & -mask));
    this.#staged.touched = 0;
  }

  /** Hashes the flow of each frame, when a policy asks for it. */
  fillFlow(count: number): void {
    const frames = this.#frames;
    const { flow, bytes } = this.#batch;
    const pool = this.#pool;
    for (let i = 0; i < count; i++) {
      flow[i] = flowHash(pool.memory, (frames[i] >>> pool.lengthBits) * pool.slotStride, bytes[i]);
    }
  }
}
