import { MAX_NICS, type NicTable } from '@fairlead/sdk';

/** Where the units are, as it is handed to a successor. */
export interface PlacesState {
  readonly nic: Int32Array;
  readonly to: Int32Array;
  readonly home: Int32Array;
  readonly settled: Uint8Array;
  readonly mark: Float64Array;
  readonly members: number;
}

/** Nothing to move to. */
const NOWHERE = -1;

/**
 * Where the units of one team are: VMs, or buckets of flows.
 *
 * A unit moves when its frames on the NIC it leaves have all been taken: `mark` is how many frames had been put on that
 * NIC's queue when its last one was, and those that have left the queue are counted by the host.
 *
 *     enqueued      … │ a │ u │ b │ u │ c │      mark of u: here ─┐
 *     taken         … │ a │ u │            ─── u may go when the taken ones have come up to it
 *                                 ▲────────────────────────────────┘
 */
export class Places {
  /** NIC number by unit; -1 for one that has none yet. */
  readonly nic: Int32Array;
  /** Where the unit is to go when it is drained; -1 when it stays. */
  readonly to: Int32Array;
  /** The epoch of the available NICs that it was arranged for. */
  epoch = -1;
  /** Units that lost their NIC, and units that it was given back, at the last arrangement. */
  readonly changed = { lost: 0, returned: 0 };
  readonly #nics: NicTable;
  /** The NIC that a unit returns to. */
  readonly #home: Int32Array;
  /** 1 for a unit that was put where it is on purpose. */
  readonly #settled: Uint8Array;
  readonly #mark: Float64Array;
  readonly #units = new Int32Array(MAX_NICS);
  /** Bit set of the NICs that were ever available. */
  #members = 0;

  constructor(nics: NicTable, units: number) {
    this.#nics = nics;
    this.nic = new Int32Array(units).fill(NOWHERE);
    this.to = new Int32Array(units).fill(NOWHERE);
    this.#home = new Int32Array(units).fill(NOWHERE);
    this.#settled = new Uint8Array(units);
    this.#mark = new Float64Array(units);
  }

  /** What a successor needs to leave every unit where it is, and to go on with moves that wait. */
  copy(): PlacesState {
    return {
      nic: this.nic.slice(),
      to: this.to.slice(),
      home: this.#home.slice(),
      settled: this.#settled.slice(),
      mark: this.#mark.slice(),
      members: this.#members,
    };
  }

  /** @throws TypeError when it is no state of these units on these NICs. */
  take(state: unknown): void {
    const { nic, to, home, settled, mark, members } = (state ?? {}) as { readonly [K in keyof PlacesState]?: unknown };
    const { length } = this.nic;
    const { count } = this.#nics;
    const places = (column: unknown): column is Int32Array =>
      column instanceof Int32Array && column.length === length && column.every((at) => at >= NOWHERE && at < count);
    if (!places(nic) || !places(to) || !places(home)) throw new TypeError('it has other units, or other NICs');
    if (!(settled instanceof Uint8Array && settled.length === length)) throw new TypeError('it has no settled units');
    if (!(mark instanceof Float64Array && mark.length === length && mark.every((one) => one >= 0)))
      throw new TypeError('it has no marks');
    if (!Number.isInteger(members)) throw new TypeError('it has no NICs');
    const set = (members as number) | 0;
    if (home.some((at) => !has(set, at)) && set !== 0) throw new TypeError('it has units on NICs that it has not');
    this.nic.set(nic);
    this.to.set(to.map((at, unit) => (at === nic[unit] ? NOWHERE : at)));
    this.#home.set(home);
    this.#settled.set(settled);
    this.#mark.set(mark);
    this.#members = set;
  }

  /** The NIC that has a unit, or will have it. */
  placeOf(unit: number): number {
    return this.to[unit] >= 0 ? this.to[unit] : this.nic[unit];
  }

  /** Has a unit go over another NIC from when it is drained on. */
  move(unit: number, to: number): void {
    this.to[unit] = this.nic[unit] === to ? NOWHERE : to;
    this.#home[unit] = to;
    this.#settled[unit] = 1;
  }

  /** A unit that is to move does so if the NIC that it leaves has taken all its frames; false when it has not. */
  drained(unit: number): boolean {
    const nic = this.nic[unit];
    const { enqueuedFrames, pendingFrames } = this.#nics;
    // A mark may count frames that found no room; with an empty queue there is nothing to wait for.
    if (pendingFrames[nic] > 0 && enqueuedFrames[nic] - pendingFrames[nic] < this.#mark[unit]) return false;
    this.nic[unit] = this.to[unit];
    this.#mark[unit] = 0;
    this.to[unit] = NOWHERE;
    return true;
  }

  /** Frames of a unit are put on its NIC's queue, among `count` of the batch. */
  note(unit: number, count: number): void {
    this.#mark[unit] = this.#nics.enqueuedFrames[this.nic[unit]] + count;
  }

  /** Follows the NICs that are available: units of one that left go elsewhere, and return when it does. */
  arrange(nics: NicTable): void {
    const { available, availableCount, epoch } = nics;
    this.epoch = epoch;
    let set = 0;
    for (let k = 0; k < availableCount; k++) set |= 1 << available[k];
    if ((set & ~this.#members) !== 0) this.#deal((this.#members |= set));
    this.changed.lost = 0;
    this.changed.returned = 0;
    this.#units.fill(0);
    for (let unit = 0; unit < this.nic.length; unit++) {
      if (has(set, this.#home[unit])) this.#goHome(unit, set);
      else if (!has(set, this.nic[unit])) continue;
      if (!has(set, this.to[unit])) this.to[unit] = NOWHERE;
      this.#units[this.placeOf(unit)]++;
    }
    for (let unit = 0; unit < this.nic.length; unit++) {
      if (has(set, this.nic[unit])) continue;
      if (this.nic[unit] >= 0) this.changed.lost++;
      this.nic[unit] = this.#emptiest(nics);
      this.to[unit] = NOWHERE;
      this.#units[this.nic[unit]]++;
    }
  }

  #goHome(unit: number, set: number): void {
    const home = this.#home[unit];
    const nic = this.nic[unit];
    if (nic === home) this.to[unit] = NOWHERE;
    else if (has(set, nic)) {
      this.to[unit] = home;
      this.changed.returned++;
    } else {
      // What it had on a NIC that is gone is taken back and sent before anything else.
      if (nic >= 0) this.changed.lost++;
      this.nic[unit] = home;
      this.to[unit] = NOWHERE;
    }
  }

  /** Gives units that nobody has put anywhere their homes, in turn. */
  #deal(members: number): void {
    const list: number[] = [];
    for (let nic = 0; nic < MAX_NICS; nic++) if (has(members, nic)) list.push(nic);
    for (let unit = 0; unit < this.nic.length; unit++) {
      if (this.#settled[unit] === 0) this.#home[unit] = list[unit % list.length];
    }
  }

  #emptiest({ available, availableCount }: NicTable): number {
    let emptiest = available[0];
    for (let k = 1; k < availableCount; k++) {
      if (this.#units[available[k]] < this.#units[emptiest]) emptiest = available[k];
    }
    return emptiest;
  }
}

function has(set: number, nic: number): boolean {
  return nic >= 0 && ((set >>> nic) & 1) === 1;
}
