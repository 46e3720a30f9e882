import {
  definePlugin,
  inject,
  type LoadDistribution,
  MAX_BATCH,
  MAX_NICS,
  Nics,
  type NicTable,
  Options,
  type Static,
  type TransmitBatch,
  Vms,
  type VmTable,
} from '@fairlead/sdk';
import { NicPace } from './nic-pace.ts';
import { pendingLoadOptions } from './options.ts';
import { PriorityWatch } from './priority-watch.ts';
import { ReservedHomes } from './reserved-homes.ts';

export { pendingLoadOptions };

/** A batch moves the window by MAX_BATCH at most, and by one more at each end. */
const WINDOW = MAX_NICS + MAX_BATCH + 2;

/**
 * The NIC that would be finished with a frame first: least pending bytes, at that NIC's speed.
 *
 * The choice holds until the NIC would finish after the runner-up, so that a frame costs one comparison and the NICs
 * are compared once per `grainBytes` or more. NICs that would finish at the same time take turns.
 *
 * @example
 * ```ts
 * const policy = new PendingLoad(nics, vms, { grainBytes: 1514, priority: false, priorityHoldUs: 0, reservations: false });
 * ```
 */
export class PendingLoad implements LoadDistribution {
  readonly #grainBytes: number;
  readonly #watch: PriorityWatch | undefined;
  readonly #homes: ReservedHomes | undefined;
  readonly #pace = new NicPace();
  /*
   * The available NICs, soonest finished first, as a window of these two arrays. A NIC that has had its part leaves at
   * the head and comes in again towards the tail, so the window moves one to the right; a batch cannot do that more
   * than MAX_BATCH times, and the next batch writes it at the left end again:
   *
   *   order    │ … │ 2 │ 0 │ 3 │ 1 │ … │      NIC numbers
   *   finishUs │ … │ 5 │ 5 │ 8 │ 9 │ … │      when it would be finished with one grain more
   *                  ▲ head
   */
  readonly #order = new Int32Array(WINDOW);
  readonly #finishUs = new Float64Array(WINDOW);
  #head = 0;
  #epoch = -1;

  constructor(
    @inject(Nics) private readonly nics: NicTable,
    @inject(Vms) private readonly vms: VmTable,
    @inject(Options) options: Static<typeof pendingLoadOptions>,
  ) {
    this.#grainBytes = options.grainBytes;
    this.#watch = options.priority ? new PriorityWatch(options.priorityHoldUs) : undefined;
    this.#homes = options.reservations ? new ReservedHomes(nics, vms) : undefined;
  }

  select(batch: TransmitBatch): undefined {
    const home = this.#homes === undefined ? -1 : this.#homes.of(batch.vm);
    if (home >= 0) return sendAll(batch, home);
    if (this.nics.epoch !== this.#epoch) this.#renew();
    if (this.nics.availableCount === 1) return sendAll(batch, this.nics.available[0]);
    this.#pace.follow(this.nics);
    this.#project();
    if (this.#watch?.isOutranked(this.vms.priority[batch.vm], batch.nowUs)) this.#leaveLeastLoaded();
    this.#share(batch);
  }

  #share(batch: TransmitBatch): void {
    const order = this.#order;
    const finishUs = this.#finishUs;
    const usPerByte = this.#pace.usPerByte;
    const grainBytes = this.#grainBytes;
    const nicCount = this.nics.availableCount;
    const { nic: chosen, bytes, count } = batch;
    let head = this.#head;
    let nic = order[head];
    let pace = usPerByte[nic];
    // Never under one grain, since the head is first.
    let budgetBytes = (finishUs[head + 1] - finishUs[head]) / pace + grainBytes;
    let leftBytes = budgetBytes;
    for (let i = 0; ; ) {
      // Not `> 0`: if the tables held nonsense the difference could be NaN, and this would never end.
      while (i < count && !(leftBytes <= 0)) {
        chosen[i] = nic;
        leftBytes -= bytes[i];
        i++;
      }
      if (i >= count) break;
      const us = finishUs[head] + (budgetBytes - leftBytes) * pace;
      const place = this.#makeRoom(head + 1, head + nicCount, us);
      head++;
      finishUs[place] = us;
      order[place] = nic;
      nic = order[head];
      pace = usPerByte[nic];
      budgetBytes = (finishUs[head + 1] - finishUs[head]) / pace + grainBytes;
      leftBytes = budgetBytes;
    }
    // Last among equals at the next batch.
    order[head + nicCount] = nic;
    this.#head = head + 1;
  }

  #renew(): void {
    const { available, availableCount, epoch } = this.nics;
    for (let k = 0; k < availableCount; k++) this.#order[k] = available[k];
    this.#head = 0;
    this.#epoch = epoch;
  }

  /** Sorts the NICs by what is pending now. */
  #project(): void {
    const { availableCount, pendingBytes } = this.nics;
    const usPerByte = this.#pace.usPerByte;
    const order = this.#order;
    const finishUs = this.#finishUs;
    const grainBytes = this.#grainBytes;
    const head = this.#head;
    let lastUs = Number.NEGATIVE_INFINITY;
    // An insertion sort: from batch to batch the order hardly changes, and equals must keep theirs.
    for (let k = 0; k < availableCount; k++) {
      const nic = order[head + k];
      const us = (pendingBytes[nic] + grainBytes) * usPerByte[nic];
      let place = k;
      if (us >= lastUs) lastUs = us;
      else place = this.#makeRoom(0, k, us);
      finishUs[place] = us;
      order[place] = nic;
    }
    this.#head = 0;
  }

  /** Moves those that finish after `us` one place to the tail, which is free, and returns the place that this frees. */
  #makeRoom(head: number, tail: number, us: number): number {
    const order = this.#order;
    const finishUs = this.#finishUs;
    let place = tail;
    while (place > head && finishUs[place - 1] > us) {
      finishUs[place] = finishUs[place - 1];
      order[place] = order[place - 1];
      place--;
    }
    return place;
  }

  /** Puts the NIC that would be finished first behind all others, out of reach. */
  #leaveLeastLoaded(): void {
    const tail = this.#head + this.nics.availableCount;
    this.#order[tail] = this.#order[this.#head];
    this.#finishUs[tail] = Number.POSITIVE_INFINITY;
    this.#head++;
  }
}

function sendAll(batch: TransmitBatch, nic: number): undefined {
  const chosen = batch.nic;
  const count = batch.count;
  for (let i = 0; i < count; i++) chosen[i] = nic;
}

export default definePlugin({
  kind: 'load-distribution',
  name: 'pending-load',
  apiVersion: 1,
  options: pendingLoadOptions,
  implementation: PendingLoad,
  module: import.meta.url,
});
