import { type ColumnViews, type NicColumns, type NicTable, nicColumns, viewTable } from '@fairlead/sdk';
import { MAX_TEAMS, type MemoryLayout } from './layout.ts';

/** The set that is shown when no single team is: every NIC that serves any of them. */
export const ALL_TEAMS = MAX_TEAMS;

/**
 * One worker's view of the NICs: its lane of the table, and the available NICs as it last looked. What is available
 * depends on the team; the view shows one team at a time.
 *
 * @example
 * ```ts
 * import { Arena, createArena } from '@fairlead/core/stages';
 *
 * const shape = { vms: 2, nics: 1, workers: 1, poolFrames: 1024, slotBytes: 2048, txRingFrames: 16, rxRingFrames: 16 };
 * const handle = createArena({ ...shape, nicRingFrames: 64 }, { nics: ['uplink0'], vms: ['web', 'db'] });
 * const arena = new Arena(handle, 0);
 * import type { NicView } from '@fairlead/core/stages';
 *
 * const nics: NicView = arena.nics;
 * nics.setAvailable(0b1);
 * console.log(nics.availableCount, nics.available[0]); // 1 0
 * ```
 */
export class NicView {
  /** NICs of the host. */
  readonly count: number;
  /** Their names, by NIC number. */
  readonly names: readonly string[];
  /** Numbers of the available ones, ascending. */
  readonly available: Int32Array;
  /** How many are available. */
  availableCount = 0;
  /** The same as a set: bit `n` for NIC `n`. */
  availableMask = 0;
  /** The NIC that its team prefers; -1 for none. */
  preferred = -1;
  /** Another number whenever what is available is other than before. */
  epoch = 0;
  /** The team that is shown; `ALL_TEAMS` for the NICs of all. */
  team = 0;
  readonly #masks = new Int32Array(MAX_TEAMS + 1);
  readonly #preferred = new Int32Array(MAX_TEAMS + 1).fill(-1);
  readonly #epochs = new Int32Array(MAX_TEAMS + 1);
  /** Epochs are given out once: what was learnt of one team is never taken for another's. */
  #lastEpoch = 0;

  private constructor(count: number, names: readonly string[]) {
    this.count = count;
    this.names = names;
    this.available = new Int32Array(Math.max(1, count));
  }

  /** A thread's view of the table in a shared memory. */
  static attach(
    memory: SharedArrayBuffer,
    layout: MemoryLayout,
    lane: number,
    names: readonly string[],
  ): NicView & NicTable {
    const view = new NicView(layout.shape.nics, names);
    return Object.assign(view, viewTable(layout.nicTable, memory, layout.at.nicTable, lane));
  }

  /** Takes over the NICs that are available to a team; true when they are others, or another one is preferred. */
  setAvailable(mask: number, preferred = firstOf(mask), team = 0): boolean {
    // Read while it was being written: the preferred one may have left.
    const first = preferred >= 0 && ((mask >>> preferred) & 1) === 1 ? preferred : firstOf(mask);
    if (mask === this.#masks[team] && first === this.#preferred[team] && this.#epochs[team] > 0) return false;
    this.#masks[team] = mask;
    this.#preferred[team] = first;
    this.#epochs[team] = ++this.#lastEpoch;
    if (team === this.team) this.show(team);
    return true;
  }

  /** Shows the NICs that are available to a team. */
  show(team: number): void {
    const mask = this.#masks[team];
    this.team = team;
    this.availableMask = mask;
    this.preferred = this.#preferred[team];
    this.epoch = this.#epochs[team];
    this.availableCount = 0;
    for (let rest = mask; rest !== 0; rest &= rest - 1) {
      this.available[this.availableCount++] = firstOf(rest);
    }
  }
}

/** The lowest NIC of a bit set; -1 for the empty one. */
function firstOf(mask: number): number {
  return 31 - Math.clz32(mask & -mask);
}

/**
 * Sums a NIC's column over all workers; a column without lanes is read as it is.
 *
 * @example
 * ```ts
 * import { Arena, createArena } from '@fairlead/core/stages';
 *
 * const shape = { vms: 2, nics: 1, workers: 1, poolFrames: 1024, slotBytes: 2048, txRingFrames: 16, rxRingFrames: 16 };
 * const handle = createArena({ ...shape, nicRingFrames: 64 }, { nics: ['uplink0'], vms: ['web', 'db'] });
 * const arena = new Arena(handle, 0);
 * import { NicTotals } from '@fairlead/core';
 *
 * const totals = new NicTotals(handle.memory, arena.layout);
 * console.log(totals.read('txFrames', 0)); // 0, of all workers
 * ```
 */
export class NicTotals {
  readonly #lanes: readonly ColumnViews<NicColumns>[];

  constructor(memory: SharedArrayBuffer, layout: MemoryLayout) {
    this.#lanes = Array.from({ length: layout.shape.workers }, (_, lane) =>
      viewTable(layout.nicTable, memory, layout.at.nicTable, lane),
    );
  }

  /** One cell, of a laned column summed over the workers; `element` for a column that has several a row. */
  read(column: keyof NicColumns, nic: number, element = 0): number {
    const { laned, width } = nicColumns[column];
    const index = nic * width + element;
    if (!laned) return (this.#lanes[0] as ColumnViews<NicColumns>)[column][index];
    let sum = 0;
    for (const lane of this.#lanes) sum += lane[column][index];
    return sum;
  }
}
