import { type ColumnViews, type NicColumns, type NicTable, nicColumns, viewTable } from '@fairlead/sdk';
import type { MemoryLayout } from './layout.ts';

/** One worker's view of the NICs: its lane of the table, and the available NICs as it last looked. */
export class NicView {
  readonly count: number;
  readonly names: readonly string[];
  readonly available: Int32Array;
  availableCount = 0;
  availableMask = 0;
  epoch = 0;

  private constructor(count: number, names: readonly string[]) {
    this.count = count;
    this.names = names;
    this.available = new Int32Array(Math.max(1, count));
  }

  static attach(
    memory: SharedArrayBuffer,
    layout: MemoryLayout,
    lane: number,
    names: readonly string[],
  ): NicView & NicTable {
    const view = new NicView(layout.shape.nics, names);
    return Object.assign(view, viewTable(layout.nicTable, memory, layout.at.nicTable, lane));
  }

  /** Takes over the set of available NICs; true when it is another one. */
  setAvailable(mask: number): boolean {
    if (mask === this.availableMask && this.epoch > 0) return false;
    this.availableMask = mask;
    this.availableCount = 0;
    for (let nic = 0; nic < this.count; nic++) {
      if ((mask >>> nic) & 1) this.available[this.availableCount++] = nic;
    }
    this.epoch++;
    return true;
  }
}

/** Sums a NIC's column over all workers; a column without lanes is read as it is. */
export class NicTotals {
  readonly #lanes: readonly ColumnViews<NicColumns>[];

  constructor(memory: SharedArrayBuffer, layout: MemoryLayout) {
    this.#lanes = Array.from({ length: layout.shape.workers }, (_, lane) =>
      viewTable(layout.nicTable, memory, layout.at.nicTable, lane),
    );
  }

  read(column: keyof NicColumns, nic: number, element = 0): number {
    const { laned, width } = nicColumns[column];
    const index = nic * width + element;
    if (!laned) return (this.#lanes[0] as ColumnViews<NicColumns>)[column][index];
    let sum = 0;
    for (const lane of this.#lanes) sum += lane[column][index];
    return sum;
  }
}
