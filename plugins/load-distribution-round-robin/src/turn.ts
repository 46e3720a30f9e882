import { MAX_NICS, type NicTable } from '@fairlead/sdk';

/** Places in a weighted turn, at most: the finest proportion it can express is one frame in 1024. */
export const MAX_TURN_FRAMES = 1024;

/** The order in which the available NICs are served before it starts again, one frame a place. */
export class Turn {
  /** NIC number by place; only the first `length` places count. */
  readonly nic = new Int32Array(MAX_TURN_FRAMES + MAX_NICS);
  length = 0;
  readonly #weight = new Float64Array(MAX_NICS);
  readonly #credit = new Float64Array(MAX_NICS);
  readonly #speedBps = new Float64Array(MAX_NICS);

  /** Every available NIC once, in ascending order. */
  fillEvenly(nics: NicTable): void {
    this.length = nics.availableCount;
    for (let k = 0; k < this.length; k++) this.nic[k] = nics.available[k];
  }

  /**
   * Every available NIC as often as its speed says, its places spread over the turn: at each place all earn their
   * weight, the richest is served and pays the sum of the weights. (Smooth weighted round robin, as in nginx's
   * upstream balancer.) Over one turn each is served exactly its weight.
   */
  fillBySpeed(nics: NicTable): void {
    const total = this.#weigh(nics);
    this.length = total;
    this.#credit.fill(0);
    for (let place = 0; place < total; place++) {
      let richest = 0;
      for (let k = 0; k < nics.availableCount; k++) {
        this.#credit[k] += this.#weight[k];
        if (this.#credit[k] > this.#credit[richest]) richest = k;
      }
      this.#credit[richest] -= total;
      this.nic[place] = nics.available[richest];
    }
  }

  /** True when a NIC's speed is not what the turn was last filled for. */
  speedsChanged(nics: NicTable): boolean {
    for (let k = 0; k < nics.availableCount; k++) {
      const nic = nics.available[k];
      if (nics.speedBps[nic] !== this.#speedBps[nic]) return true;
    }
    return false;
  }

  /** The place after `nic`: the first one of a NIC with a higher number, or the start. */
  after(nic: number): number {
    for (let place = 0; place < this.length; place++) if (this.nic[place] > nic) return place;
    return 0;
  }

  /** Writes each available NIC's weight, in frames per turn, and returns their sum. */
  #weigh(nics: NicTable): number {
    let slowestBps = Number.POSITIVE_INFINITY;
    for (let nic = 0; nic < nics.count; nic++) this.#speedBps[nic] = nics.speedBps[nic];
    for (let k = 0; k < nics.availableCount; k++) {
      const speedBps = this.#speedBps[nics.available[k]];
      if (speedBps > 0 && speedBps < slowestBps) slowestBps = speedBps;
    }
    const unknownBps = slowestBps === Number.POSITIVE_INFINITY ? 1 : slowestBps;

    let divisorBps = 0;
    let sumBps = 0;
    for (let k = 0; k < nics.availableCount; k++) {
      const speedBps = this.#speedBps[nics.available[k]];
      this.#weight[k] = speedBps > 0 && speedBps < Number.POSITIVE_INFINITY ? Math.ceil(speedBps) : unknownBps;
      divisorBps = greatestCommonDivisor(this.#weight[k], divisorBps);
      sumBps += this.#weight[k];
    }
    if (sumBps / divisorBps <= MAX_TURN_FRAMES) return this.#divide(nics.availableCount, divisorBps);
    return this.#divide(nics.availableCount, sumBps / MAX_TURN_FRAMES);
  }

  #divide(count: number, divisorBps: number): number {
    let total = 0;
    for (let k = 0; k < count; k++) {
      // A NIC however slow has one place: it is available, so it is served.
      this.#weight[k] = Math.max(1, Math.round(this.#weight[k] / divisorBps));
      total += this.#weight[k];
    }
    return total;
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  while (b !== 0) {
    const rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}
