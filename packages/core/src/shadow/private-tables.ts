import { type Columns, type NicTable, nicColumns, type VmTable, vmColumns } from '@fairlead/sdk';
import type { NicView } from '../memory/nic-view.ts';

/** One column, and the shadow's copy of it. */
interface ColumnPair<A extends Float64Array | Int32Array> {
  readonly from: A;
  readonly to: A;
  readonly width: number;
}

interface ColumnPairs {
  readonly doubles: ColumnPair<Float64Array>[];
  readonly words: ColumnPair<Int32Array>[];
  readonly views: Record<string, Float64Array | Int32Array>;
}

/**
 * Copies of a loop's tables, for a shadow to read and to scribble on: none of it is memory that anyone else reads. The
 * NICs and the batch's VM are copied for every batch; the other VMs one at a time, in turn, so that with `n` VMs what
 * is seen of another one is at most `n` batches old.
 */
export class PrivateTables {
  readonly nics: NicTable;
  readonly vms: VmTable;
  readonly #realNics: NicView & NicTable;
  readonly #nicCopy: { availableCount: number; preferred: number; epoch: number };
  readonly #available: Int32Array;
  readonly #nicColumns: ColumnPairs;
  readonly #vmColumns: ColumnPairs;
  readonly #vmCount: number;
  #nextRow = 0;

  constructor(nics: NicView & NicTable, vms: VmTable) {
    this.#realNics = nics;
    this.#nicColumns = pairColumns(nicColumns, nics);
    this.#vmColumns = pairColumns(vmColumns, vms);
    this.#available = nics.available.slice();
    const { count, availableCount, preferred, epoch } = nics;
    const named = {
      count,
      names: Object.freeze([...nics.names]),
      available: this.#available,
      availableCount,
      preferred,
      epoch,
    };
    const nicCopy = { ...this.#nicColumns.views, ...named };
    this.#nicCopy = nicCopy;
    this.nics = nicCopy as unknown as NicTable;
    this.#vmCount = vms.count;
    const vmCopy = { ...this.#vmColumns.views, count: vms.count, names: Object.freeze([...vms.names]) };
    this.vms = vmCopy as unknown as VmTable;
  }

  /** Brings the NICs up to date. */
  copyNics(): void {
    const { doubles, words } = this.#nicColumns;
    const rows = this.#realNics.count;
    for (let i = 0; i < doubles.length; i++) {
      const { from, to, width } = doubles[i];
      for (let at = 0; at < rows * width; at++) to[at] = from[at];
    }
    for (let i = 0; i < words.length; i++) {
      const { from, to, width } = words[i];
      for (let at = 0; at < rows * width; at++) to[at] = from[at];
    }
    const { available, availableCount, preferred, epoch } = this.#realNics;
    for (let i = 0; i < rows; i++) this.#available[i] = available[i];
    this.#nicCopy.availableCount = availableCount;
    this.#nicCopy.preferred = preferred;
    this.#nicCopy.epoch = epoch;
  }

  /** Brings the row of one VM up to date, and that of the next one in turn. */
  copyVm(vm: number): void {
    this.#copyRow(vm);
    this.#copyRow(this.#nextRow);
    this.#nextRow = this.#nextRow + 1 < this.#vmCount ? this.#nextRow + 1 : 0;
  }

  #copyRow(vm: number): void {
    const { doubles, words } = this.#vmColumns;
    for (let i = 0; i < doubles.length; i++) {
      const { from, to, width } = doubles[i];
      if (width === 1) to[vm] = from[vm];
      else for (let at = vm * width; at < (vm + 1) * width; at++) to[at] = from[at];
    }
    for (let i = 0; i < words.length; i++) words[i].to[vm] = words[i].from[vm];
  }
}

function pairColumns(columns: Columns, table: object): ColumnPairs {
  const pairs: ColumnPairs = { doubles: [], words: [], views: {} };
  for (const [name, { width }] of Object.entries(columns)) {
    const from = (table as Record<string, Float64Array | Int32Array>)[name];
    // A slice of shared memory is in memory of its own.
    const to = from.slice();
    pairs.views[name] = to;
    if (from instanceof Float64Array) pairs.doubles.push({ from, to: to as Float64Array, width });
    else pairs.words.push({ from, to: to as Int32Array, width });
  }
  return pairs;
}
