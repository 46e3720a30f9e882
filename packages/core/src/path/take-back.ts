import { DropReason, type NicTable, type TransmitBatch } from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';
import type { FramePool } from '../memory/frame-pool.ts';
import type { NicView } from '../memory/nic-view.ts';
import type { Dispatcher } from './dispatch.ts';
import type { NicQueues } from './nic-queues.ts';
import type { Policies } from './policies.ts';

/** Sends over other NICs what waits on the queue of one that went down. */
export class TakeBack {
  /** True while frames wait for a team that no NIC serves: others need not wait for them. */
  stranded = false;
  readonly #nics: NicView & NicTable;
  readonly #vmTeam: Int32Array;
  readonly #pool: FramePool;
  readonly #batch: TransmitBatch;
  readonly #frames: Int32Array;
  readonly #batchFrames: number;
  readonly #policies: Policies;
  readonly #queues: NicQueues;
  readonly #dispatcher: Dispatcher;

  constructor(
    arena: Arena,
    batch: TransmitBatch,
    frames: Int32Array,
    policies: Policies,
    queues: NicQueues,
    dispatcher: Dispatcher,
    batchFrames: number,
  ) {
    this.#nics = arena.nics;
    this.#vmTeam = arena.networks.team;
    this.#pool = arena.pool;
    this.#batch = batch;
    this.#frames = frames;
    this.#policies = policies;
    this.#queues = queues;
    this.#dispatcher = dispatcher;
    this.#batchFrames = batchFrames;
  }

  /**
   * Takes the frames back that wait for a NIC which is no longer available, and sends them over others, in order.
   * True when none is left there.
   */
  from(nic: number, nowUs: number): boolean {
    const queues = this.#queues;
    while (queues.length(nic) > 0) {
      if (this.#policies.shut) return this.#policies.dropping && queues.discard(nic, DropReason.FailedClosed);
      const count = this.#runOnQueue(nic);
      const frames = this.#frames;
      const vm = this.#pool.slotVm[frames[0] >>> this.#pool.lengthBits];
      if (this.#vmTeam[vm] !== this.#nics.team) this.#nics.show(this.#vmTeam[vm]);
      if (this.#nics.availableCount === 0) {
        this.stranded = true;
        return false;
      }
      this.#batch.begin(vm, count, nowUs, count);
      if (this.#policies.needsFlow || this.#policies.needsHeaders) this.#dispatcher.fill(count);
      const sent = this.#dispatcher.send(vm, count, nowUs, count);
      queues.takenBack(nic, sent, this.#dispatcher.stagedBytes);
      this.#dispatcher.publish();
      if (sent < count) return false;
    }
    return true;
  }

  /** Reads the run of one VM's frames at the head of a NIC's queue. */
  #runOnQueue(nic: number): number {
    const queues = this.#queues;
    const pool = this.#pool;
    const frames = this.#frames;
    const { bytes } = this.#batch;
    const waiting = queues.length(nic);
    const max = waiting < this.#batchFrames ? waiting : this.#batchFrames;
    const base = queues.base + nic * queues.size;
    const head = queues.head[nic];
    const vm = pool.slotVm[queues.entries[base + (head & queues.mask)] >>> pool.lengthBits];
    let count = 0;
    for (; count < max; count++) {
      const descriptor = queues.entries[base + ((head + count) & queues.mask)];
      if (pool.slotVm[descriptor >>> pool.lengthBits] !== vm) break;
      frames[count] = descriptor;
      bytes[count] = descriptor & pool.lengthMask;
    }
    return count;
  }
}
