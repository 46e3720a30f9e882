import { MAX_NICS, type NicTable } from '@fairlead/sdk';
import { Turn } from './weights.ts';

/** Places that flows and VMs fall into; the finest weight that they can express. */
export const PLACES = 1024;

/** So many places went from one NIC to another. */
type Told = (places: number, from: number, to: number) => void;

/**
 * The NIC of each place, as often as its weight says. A place whose NIC is not available goes to another one, by weighted
 * rendezvous (Thaler & Ravishankar 1998; Schindelhauer & Schomaker 2005): which one depends on the place and on what is
 * available alone, so that no other place moves, and it returns when its NIC does.
 */
export class Deal {
  /** NIC number by place, for the NICs that are available now. */
  readonly nic = new Int32Array(PLACES).fill(-1);
  epoch = -1;
  /** NIC number by place while all NICs are available. */
  readonly home: Int32Array;
  readonly #weights: Float64Array;
  readonly #before = new Int32Array(PLACES).fill(-1);
  readonly #moved = new Int32Array(MAX_NICS * MAX_NICS);

  constructor(nics: NicTable, weights: Float64Array) {
    this.#weights = weights;
    this.home = homesBy(weights, nics.count);
  }

  /** Deals on from the homes of a predecessor: places that it gave to a NIC beyond its part go to others. */
  keep(homes: Int32Array): void {
    const left = new Int32Array(MAX_NICS);
    for (const nic of this.home) left[nic]++;
    const kept = homes.map((nic) => (left[nic]-- > 0 ? nic : -1));
    const free: number[] = [];
    for (let nic = 0; nic < MAX_NICS; nic++) for (; left[nic] > 0; left[nic]--) free.push(nic);
    this.home.set(kept.map((nic) => (nic >= 0 ? nic : (free.shift() as number))));
    this.epoch = -1;
  }

  /** Follows what is available, and tells how many places went from where to where. */
  arrange({ available, availableCount, epoch }: NicTable, told: Told = () => undefined): void {
    this.epoch = epoch;
    this.#before.set(this.nic);
    for (let place = 0; place < PLACES; place++) this.nic[place] = -1;
    for (let k = 0; k < availableCount; k++) {
      const nic = available[k];
      for (let place = 0; place < PLACES; place++) if (this.home[place] === nic) this.nic[place] = nic;
    }
    for (let place = 0; place < PLACES; place++) {
      if (this.nic[place] < 0) this.nic[place] = this.#rendezvous(place, available, availableCount);
    }
    this.#tell(told);
  }

  #tell(told: Told): void {
    const moved = this.#moved.fill(0);
    for (let place = 0; place < PLACES; place++) {
      const from = this.#before[place];
      if (from >= 0 && from !== this.nic[place]) moved[from * MAX_NICS + this.nic[place]]++;
    }
    for (let i = 0; i < moved.length; i++) if (moved[i] > 0) told(moved[i], Math.floor(i / MAX_NICS), i % MAX_NICS);
  }

  /** How many places a NIC has now. */
  placesOf(nic: number): number {
    return this.nic.filter((other) => other === nic).length;
  }

  #rendezvous(place: number, nics: Int32Array, count: number): number {
    let chosen = nics[0];
    let least = Number.POSITIVE_INFINITY;
    for (let k = 0; k < count; k++) {
      const score = -Math.log(chance(place, nics[k])) / this.#weights[nics[k]];
      if (score >= least) continue;
      least = score;
      chosen = nics[k];
    }
    return chosen;
  }
}

function homesBy(weights: Float64Array, count: number): Int32Array {
  const all = Int32Array.from({ length: count }, (_, nic) => nic);
  const turn = new Turn(weights);
  return Int32Array.from({ length: PLACES }, () => turn.next(all, count));
}

/** A number between 0 and 1, of its own for each pair. */
function chance(place: number, nic: number): number {
  let hash = Math.imul(place + 1, 0x9e3779b1) ^ Math.imul(nic + 1, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 16), 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 13), 0x85ebca6b);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32 + 2 ** -33;
}
