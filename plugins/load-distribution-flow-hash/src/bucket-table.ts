import { MAX_NICS, type NicTable } from '@fairlead/sdk';

/** As in Open vSwitch (BOND_MASK in ofproto/bond.c). */
export const BUCKETS = 256;

/** A table as it is handed to a successor. Bit sets name NICs by number. */
export interface BucketState {
  readonly nic: Int32Array;
  readonly home: Int32Array;
  readonly members: number;
  /** By NIC number. */
  readonly weight: Float64Array;
  readonly weighted: boolean;
}

/** So many buckets went from one NIC to another. */
type Told = (buckets: number, from: number, to: number, cause: string) => void;

/**
 * Which NIC each bucket goes over. Every bucket has a home, one of the NICs that have ever been available, each of which
 * has its part of the homes. While the home is not available another NIC has the bucket; when it returns, it has it back.
 *
 *     home      0 1 2 0 1 2 0 1 2 …
 *     nic       0 2 2 0 0 2 0 2 2 …      while NIC 1 is down: only its buckets have moved
 */
export class BucketTable {
  /** NIC number by bucket. */
  readonly nic = new Int32Array(BUCKETS).fill(-1);
  /** The epoch of the available NICs for which it was arranged. */
  epoch = -1;
  readonly #before = new Int32Array(BUCKETS);
  readonly #moved = new Int32Array(MAX_NICS * MAX_NICS);
  readonly #home = new Int32Array(BUCKETS).fill(-1);
  readonly #weight = new Float64Array(MAX_NICS);
  readonly #quota = new Int32Array(MAX_NICS);
  readonly #held = new Int32Array(MAX_NICS);
  readonly #weighted: boolean;
  /** True when the homes were dealt out by other rules than this table's. */
  #reweigh = false;
  /** Bit sets. */
  #members = 0;
  #available = 0;

  constructor(weighted: boolean) {
    this.#weighted = weighted;
  }

  /** What a successor needs to leave every bucket where it is; undefined when no bucket is anywhere yet. */
  copy(): BucketState | undefined {
    if (this.epoch < 0) return undefined;
    const weight = this.#weight.slice();
    return {
      nic: this.nic.slice(),
      home: this.#home.slice(),
      members: this.#members,
      weight,
      weighted: this.#weighted,
    };
  }

  /** @throws TypeError when it is no state of a table over these NICs. */
  take(state: unknown, nics: NicTable): void {
    const { nic, home, members, weight, weighted } = (state ?? {}) as { readonly [K in keyof BucketState]?: unknown };
    const known = nics.count === MAX_NICS ? -1 : (1 << nics.count) - 1;
    if (!Number.isInteger(members) || (members as number) === 0 || ((members as number) & ~known) !== 0)
      throw new TypeError('it has other NICs');
    const set = (members as number) | 0;
    const within = (column: unknown): column is Int32Array =>
      column instanceof Int32Array && column.length === BUCKETS && column.every((at) => at < MAX_NICS && has(set, at));
    if (!within(nic) || !within(home)) throw new TypeError('it has buckets on NICs that it has not');
    const sound = (one: number, at: number): boolean => !has(set, at) || (one > 0 && one < Number.POSITIVE_INFINITY);
    if (!(weight instanceof Float64Array && weight.length === MAX_NICS && weight.every(sound)))
      throw new TypeError('it has no weights');
    this.nic.set(nic);
    this.#home.set(home);
    this.#members = set;
    this.#reweigh = weighted !== this.#weighted;
    for (let at = 0; at < MAX_NICS; at++) {
      if (!has(set, at)) continue;
      this.#weight[at] = !this.#reweigh ? weight[at] : this.#weighted ? weightOf(nics.speedBps[at]) : 1;
    }
  }

  /** True when the table was arranged for other speeds than the NICs have now. */
  isOutweighed(nics: NicTable): boolean {
    if (!this.#weighted) return false;
    for (let k = 0; k < nics.availableCount; k++) {
      const nic = nics.available[k];
      if (this.#weight[nic] !== weightOf(nics.speedBps[nic])) return true;
    }
    return false;
  }

  /** Gives every bucket an available NIC, and moves none that need not move. Tells how many went from where to where. */
  arrange(nics: NicTable, told: Told = () => undefined): void {
    this.#before.set(this.nic);
    this.#available = 0;
    for (let k = 0; k < nics.availableCount; k++) this.#available |= 1 << nics.available[k];
    const joined = (this.#available & ~this.#members) !== 0;
    this.#members |= this.#available;
    if (joined || this.#reweigh || this.isOutweighed(nics)) {
      this.#reweigh = false;
      for (let nic = 0; nic < nics.count; nic++) {
        // The speed of a NIC that is down says nothing.
        if (has(this.#available, nic)) this.#weight[nic] = this.#weighted ? weightOf(nics.speedBps[nic]) : 1;
      }
      this.#settleHomes();
    }
    this.#settle();
    this.epoch = nics.epoch;
    this.#tell(told);
  }

  #tell(told: Told): void {
    const moved = this.#moved.fill(0);
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const from = this.#before[bucket];
      if (from >= 0 && from !== this.nic[bucket]) moved[from * MAX_NICS + this.nic[bucket]]++;
    }
    for (let i = 0; i < moved.length; i++) {
      if (moved[i] === 0) continue;
      const from = Math.floor(i / MAX_NICS);
      const cause = has(this.#available, from) ? 'it has its part of them' : 'theirs is not available';
      told(moved[i], from, i % MAX_NICS, cause);
    }
  }

  /** Homes beyond a NIC's part go to those that have less than theirs. */
  #settleHomes(): void {
    this.#divide(this.#members);
    this.#held.fill(0);
    for (let bucket = 0; bucket < BUCKETS; bucket++) if (this.#home[bucket] >= 0) this.#held[this.#home[bucket]]++;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const home = this.#home[bucket];
      if (home >= 0 && this.#held[home] <= this.#quota[home]) continue;
      if (home >= 0) this.#held[home]--;
      this.#home[bucket] = this.#neediest(this.#members);
      this.#held[this.#home[bucket]]++;
    }
  }

  /** Buckets are at home, or where they are; those that are nowhere are dealt out. */
  #settle(): void {
    this.#divide(this.#available);
    this.#held.fill(0);
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const home = this.#home[bucket];
      const at = has(this.#available, home) ? home : this.nic[bucket];
      this.nic[bucket] = at >= 0 && has(this.#available, at) ? at : -1;
      if (this.nic[bucket] >= 0) this.#held[at]++;
    }
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      if (this.nic[bucket] >= 0) continue;
      this.nic[bucket] = this.#neediest(this.#available);
      this.#held[this.nic[bucket]]++;
    }
  }

  /** How many buckets are each NIC's part, by weight: the largest remainders have one more. */
  #divide(set: number): void {
    let weight = 0;
    for (let nic = 0; nic < MAX_NICS; nic++) if (has(set, nic)) weight += this.#weight[nic];
    let left = BUCKETS;
    for (let nic = 0; nic < MAX_NICS; nic++) {
      this.#quota[nic] = has(set, nic) ? Math.floor((BUCKETS * this.#weight[nic]) / weight) : 0;
      left -= this.#quota[nic];
    }
    for (; left > 0; left--) {
      let most = -1;
      let furthest = Number.NEGATIVE_INFINITY;
      for (let nic = 0; nic < MAX_NICS; nic++) {
        if (!has(set, nic)) continue;
        const missing = (BUCKETS * this.#weight[nic]) / weight - this.#quota[nic];
        if (missing > furthest) {
          furthest = missing;
          most = nic;
        }
      }
      this.#quota[most]++;
    }
  }

  /** Of a set, the NIC that is furthest below its part. */
  #neediest(set: number): number {
    let neediest = -1;
    let most = Number.NEGATIVE_INFINITY;
    for (let nic = 0; nic < MAX_NICS; nic++) {
      if (!has(set, nic)) continue;
      const missing = this.#quota[nic] - this.#held[nic];
      if (missing > most) {
        most = missing;
        neediest = nic;
      }
    }
    return neediest;
  }
}

function has(set: number, nic: number): boolean {
  return nic >= 0 && ((set >>> nic) & 1) === 1;
}

/** Anything that is no speed counts as the slowest link there is, 10 Mbit/s. */
function weightOf(speedBps: number): number {
  return speedBps > 0 && speedBps < Number.POSITIVE_INFINITY ? speedBps : 10e6;
}
