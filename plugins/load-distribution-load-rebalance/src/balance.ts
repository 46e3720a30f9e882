import { MAX_NICS, type NicTable } from '@fairlead/sdk';

/** NICs whose parts differ by less than this part of the mean are even: 3%, as in Open vSwitch (bond_rebalance). */
const EVEN = 1 / 32;
/** Loads that differ by less than this part are equal, however they were added up. */
const ROUNDING = 1e-9;
/** Pairs that are looked at for an exchange, at most. */
const MAX_PAIRS = 65_536;

/** Where the units are, as the balance sees it. */
export interface Board {
  readonly units: number;
  /** Load of each unit; in any unit of measure. */
  readonly load: Float64Array;
  placeOf(unit: number): number;
  move(unit: number, to: number): void;
}

/** A move that was made. Loads as parts of the speeds. */
export interface Move {
  readonly unit: number;
  /** As in `Board.load`. */
  readonly load: number;
  readonly from: number;
  readonly to: number;
  readonly fromPart: number;
  readonly toPart: number;
}

/**
 * Moves units from the NIC that has most to carry, for its speed, to the one that has least, as long as that leaves the
 * greater of the two with less than before, and they differ by more than 3% of the mean. Of the units that would do,
 * the one after which the two are most alike, and of those that are equally good the smallest. Where no one unit would do,
 * two are exchanged. What is most loaded becomes less with every move, so there is an end; a unit that is alone on its NIC never moves.
 */
export class Balance {
  readonly #part = new Float64Array(MAX_NICS);
  readonly #speed = new Float64Array(MAX_NICS);
  readonly #told: (move: Move) => void;

  constructor(told: (move: Move) => void) {
    this.#told = told;
  }

  /** Load of each NIC as a part of its speed; the greatest of them. */
  weigh(board: Board, nics: NicTable): number {
    const { available, availableCount, speedBps } = nics;
    let slowestBps = Number.POSITIVE_INFINITY;
    for (let k = 0; k < availableCount; k++) {
      const bps = speedBps[available[k]];
      if (bps > 0 && bps < slowestBps) slowestBps = bps;
    }
    if (slowestBps === Number.POSITIVE_INFINITY) slowestBps = 1e9; // none says: they are alike, and any figure will do
    this.#part.fill(0);
    for (let k = 0; k < availableCount; k++) {
      const bps = speedBps[available[k]];
      this.#speed[available[k]] = bps > 0 && bps < Number.POSITIVE_INFINITY ? bps : slowestBps;
    }
    for (let unit = 0; unit < board.units; unit++) {
      const nic = board.placeOf(unit);
      if (nic >= 0) this.#part[nic] += board.load[unit] / (this.#speed[nic] || slowestBps);
    }
    return this.#part[this.#extreme(nics, 1)];
  }

  /** Load of one NIC as a part of its speed, as `weigh` found it. */
  partOf(nic: number): number {
    return this.#part[nic];
  }

  /**
   * Moves one unit, or exchanges two, if the NICs are not even and it helps; returns how many were moved. Call `weigh`
   * first.
   */
  step(board: Board, nics: NicTable): number {
    let total = 0;
    let speed = 0;
    for (let k = 0; k < nics.availableCount; k++) {
      const nic = nics.available[k];
      total += this.#part[nic] * this.#speed[nic];
      speed += this.#speed[nic];
    }
    const even = (EVEN * total) / speed;
    const from = this.#extreme(nics, 1);
    const to = this.#extreme(nics, -1);
    if (this.#part[from] - this.#part[to] <= even) return 0;
    return this.#moveOne(board, from, to) || this.#exchange(board, from, to);
  }

  /** The NIC with the greatest part (`sign` 1) or the least (-1). */
  #extreme({ available, availableCount }: NicTable, sign: 1 | -1): number {
    let found = available[0];
    for (let k = 1; k < availableCount; k++) {
      if (sign * this.#part[available[k]] > sign * this.#part[found]) found = available[k];
    }
    return found;
  }

  #moveOne(board: Board, from: number, to: number): number {
    let best = -1;
    let least = this.#part[from];
    const alike = ROUNDING * least;
    for (let unit = 0; unit < board.units; unit++) {
      const load = board.load[unit];
      if (load <= 0 || board.placeOf(unit) !== from) continue;
      const after = this.#after(from, to, load);
      const better = least - after;
      if (better > alike || (better > -alike && best >= 0 && load < board.load[best])) {
        best = unit;
        least = after;
      }
    }
    if (best < 0) return 0;
    this.#carry(board, best, from, to);
    return 1;
  }

  /** The greater part of the two when so much load has gone over. */
  #after(from: number, to: number, load: number): number {
    return Math.max(this.#part[from] - load / this.#speed[from], this.#part[to] + load / this.#speed[to]);
  }

  #exchange(board: Board, from: number, to: number): number {
    let [ofFrom, ofTo] = [0, 0];
    for (let unit = 0; unit < board.units; unit++) {
      if (board.load[unit] <= 0) continue;
      const nic = board.placeOf(unit);
      if (nic === from) ofFrom++;
      else if (nic === to) ofTo++;
    }
    if (ofFrom * ofTo > MAX_PAIRS) return 0;
    let [bestFrom, bestTo] = [-1, -1];
    let least = this.#part[from];
    for (let one = 0; one < board.units; one++) {
      if (board.load[one] <= 0 || board.placeOf(one) !== from) continue;
      for (let other = 0; other < board.units; other++) {
        const load = board.load[one] - board.load[other];
        if (load <= 0 || board.load[other] <= 0 || board.placeOf(other) !== to) continue;
        const after = this.#after(from, to, load);
        if (after >= least * (1 - ROUNDING)) continue;
        least = after;
        bestFrom = one;
        bestTo = other;
      }
    }
    if (bestFrom < 0) return 0;
    this.#carry(board, bestFrom, from, to);
    this.#carry(board, bestTo, to, from);
    return 2;
  }

  #carry(board: Board, unit: number, from: number, to: number): void {
    this.#told({ unit, load: board.load[unit], from, to, fromPart: this.#part[from], toPart: this.#part[to] });
    board.move(unit, to);
    this.#part[from] -= board.load[unit] / this.#speed[from];
    this.#part[to] += board.load[unit] / this.#speed[to];
  }
}
