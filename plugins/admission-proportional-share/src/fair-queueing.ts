/* Weights are kept where neither they nor their inverses, nor sums of either, overflow or vanish. */
const LEAST_WEIGHT = 1e-6;
const MOST_WEIGHT = 1e15;

/** Tags are moved back towards 0 when they get so far: 2^40 is far from where a double no longer counts in bytes. */
const FAR = 2 ** 40;

/**
 * Weighted fair queueing between the VMs of a group, for a scheduler that cannot choose whom to serve: it is offered
 * one VM after the other, in sweeps, and can only say how much of each may go. It is start-time fair queueing (Goyal,
 * Vin & Cheng 1996) with a virtual time that stands still during a sweep, or deficit round robin (Shreedhar & Varghese
 * 1996) with a quantum that follows from the room there is.
 *
 * ```
 *   tag[vm]    bytes per unit of weight that the VM has been given
 *   floor      smallest tag among the VMs that were refused something in the last sweep
 *   ceiling    mean of their tags, and the room divided by their weights; at most floor + quantum
 *   quantum    the NICs' targets divided by the same weights
 *
 *   floor ──●────────●──●─────────┬ ceiling      a VM at or below the ceiling may send, and comes to lie
 *           vm2      vm0 vm1      │      ●       above it by less than one frame
 *                                 │      vm3
 * ```
 *
 * Nothing is searched or sorted: floor, mean and weights add up while the VMs of a sweep are refused. A VM that is not
 * offered is not among them, so none can hold up the others. The VM at the floor may always send.
 *
 * A VM that comes back starts at the floor: it gets no credit for its absence. One that was given all the host offered
 * but has more behind it may lag by a quantum. A group in which nobody was refused forgets all tags and charges nobody.
 */
export class FairQueueing {
  readonly tag: Float64Array;
  /** Weight by VM, as of the last `join`. */
  readonly weight: Float64Array;
  /** A VM whose tag is above its group's ceiling has to wait; `Infinity` in a group in which nobody waited. */
  readonly ceiling: Float64Array;
  readonly #column: Float64Array;
  readonly #floor: Float64Array;
  readonly #quantum: Float64Array;
  /** A tag counts only in the period in which it was written. */
  readonly #period: Int32Array;
  readonly #periodOf: Int32Array;
  #periods = 0;

  /* Number of the sweep, compared for equality alone: it may wrap. */
  #sweep = 0;
  readonly #openedAt: Int32Array;
  readonly #refusedAt: Int32Array;
  readonly #leftAt: Int32Array;

  /* Over the VMs that were refused something in this sweep. */
  readonly #least: Float64Array;
  readonly #weights: Float64Array;
  readonly #weightedTags: Float64Array;

  /** The column of weights belongs to the caller, and may change at any time. */
  constructor(weights: Float64Array, groups: number) {
    this.ceiling = new Float64Array(groups);
    this.#floor = new Float64Array(groups);
    this.#quantum = new Float64Array(groups);
    this.#period = new Int32Array(groups);
    this.#openedAt = new Int32Array(groups).fill(-2);
    this.#refusedAt = new Int32Array(groups).fill(-2);
    this.#least = new Float64Array(groups);
    this.#weights = new Float64Array(groups);
    this.#weightedTags = new Float64Array(groups);
    this.#column = weights;
    this.tag = new Float64Array(weights.length);
    this.weight = new Float64Array(weights.length);
    this.#periodOf = new Int32Array(weights.length);
    this.#leftAt = new Int32Array(weights.length).fill(-2);
  }

  /** Begins a sweep. */
  sweep(): void {
    this.#sweep = (this.#sweep + 1) | 0;
  }

  /**
   * Brings a VM's tag and weight up to date, before its frames are decided upon. The room that its group has now, and
   * would have if nothing were pending, matter for the first VM of a sweep alone.
   */
  join(vm: number, group: number, roomBytes: number, targetBytes: number): void {
    if (this.#openedAt[group] !== this.#sweep) this.#open(group, roomBytes, targetBytes);
    const weight = this.#column[vm];
    this.weight[vm] = weight > LEAST_WEIGHT ? Math.min(weight, MOST_WEIGHT) : LEAST_WEIGHT;

    if (this.#periodOf[vm] !== this.#period[group]) {
      this.#periodOf[vm] = this.#period[group];
      this.tag[vm] = this.#floor[group];
      return;
    }
    const stayed = this.#leftAt[vm] === ((this.#sweep - 1) | 0);
    const lowest = stayed ? this.#floor[group] - this.#quantum[group] : this.#floor[group];
    if (this.tag[vm] < lowest) this.tag[vm] = lowest;
  }

  /** Says that a VM has frames behind those that were offered, which it may send. */
  leave(vm: number): void {
    this.#leftAt[vm] = this.#sweep;
  }

  /** Says that a VM was refused something it could have sent but for the others. */
  refuse(vm: number, group: number): void {
    this.#leftAt[vm] = this.#sweep;
    this.#refusedAt[group] = this.#sweep;
    const tag = this.tag[vm];
    const weight = this.weight[vm];
    if (tag < this.#least[group]) this.#least[group] = tag;
    this.#weights[group] += weight;
    this.#weightedTags[group] += weight * tag;
  }

  /** First visit to a group in this sweep: what the last sweep added up becomes what this one goes by. */
  #open(group: number, roomBytes: number, targetBytes: number): void {
    this.#openedAt[group] = this.#sweep;
    if (this.#refusedAt[group] === ((this.#sweep - 1) | 0)) {
      const weights = this.#weights[group];
      const floor = this.#least[group];
      const quantum = targetBytes / weights;
      const lead = this.#weightedTags[group] / weights - floor + roomBytes / weights;
      if (floor > FAR) this.#moveBack(group, floor);
      this.#floor[group] = floor > FAR ? 0 : floor;
      this.#quantum[group] = quantum;
      this.ceiling[group] = this.#floor[group] + Math.min(lead, quantum);
    } else {
      this.#period[group] = this.#periods = (this.#periods + 1) | 0;
      this.#floor[group] = 0;
      this.#quantum[group] = 0;
      this.ceiling[group] = Number.POSITIVE_INFINITY;
    }
    this.#least[group] = Number.POSITIVE_INFINITY;
    this.#weights[group] = 0;
    this.#weightedTags[group] = 0;
  }

  #moveBack(group: number, by: number): void {
    const period = this.#period[group];
    for (let vm = 0; vm < this.tag.length; vm++) if (this.#periodOf[vm] === period) this.tag[vm] -= by;
  }
}
