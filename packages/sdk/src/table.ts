/** Element type of a column. `f64` holds counters and rates exactly up to 2^53. */
export type ColumnType = 'f64' | 'i32';

/**
 * Who writes a column. There is exactly one writer per cell:
 * `control` the managers; `worker` the forwarding worker (in a laned column each worker has rows of its own);
 * `device` the thread that runs the device emulators.
 */
export type ColumnWriter = 'control' | 'worker' | 'device';

/** One field of a table, for all its rows: a typed array, with what a reader must know of it. */
export interface Column<T extends ColumnType = ColumnType> {
  /** Element type of the array. */
  readonly type: T;
  /** Unit of the value, as shown in metrics and docs: `bytes`, `bit/s`, `frames`, `us`, `` for a plain number. */
  readonly unit: string;
  /** The one thread that writes a cell. */
  readonly writer: ColumnWriter;
  /** One copy of the column per forwarding worker; a worker's view shows its own, the control view sums them. */
  readonly laned: boolean;
  /** Elements per row (1 unless the column is a small vector such as `dropped`). */
  readonly width: number;
  /** What a value means. */
  readonly doc: string;
}

/** A table as it is declared: its columns by name. */
export type Columns = Readonly<Record<string, Column>>;

/** A typed array per column, indexed by row (by `row * width + i` where the width is over 1). */
export type ColumnViews<C extends Columns> = {
  readonly [K in keyof C]: C[K]['type'] extends 'f64' ? Float64Array : Int32Array;
};

/**
 * Declares a column.
 *
 * @example
 * ```ts
 * import { type Column, column } from '@fairlead/sdk';
 *
 * const pendingBytes: Column<'f64'> = column('f64', 'bytes', 'worker', 'bytes not yet sent', { laned: true });
 * ```
 */
export function column<T extends ColumnType>(
  type: T,
  unit: string,
  writer: ColumnWriter,
  doc: string,
  shape: { laned?: boolean; width?: number } = {},
): Column<T> {
  return { type, unit, writer, doc, laned: shape.laned ?? false, width: shape.width ?? 1 };
}

/** Bytes on whose multiples each column and each lane begins: two cache lines. */
export const COLUMN_ALIGN = 128;

/**
 * Where a column is in the memory of its table.
 *
 * @example
 * ```ts
 * import { type ColumnPlace, layOutTable, nicColumns } from '@fairlead/sdk';
 *
 * const speeds: ColumnPlace = layOutTable(nicColumns, 4, 1).places.speedBps;
 * console.log(speeds.elements); // 4
 * ```
 */
export interface ColumnPlace {
  /** Bytes from the beginning of the table. */
  readonly offset: number;
  /** Elements of one lane: rows times width. */
  readonly elements: number;
}

/** The places of all columns of a table. Every thread that attaches it computes the same one. */
export interface TableLayout<C extends Columns> {
  /** The columns, as declared. */
  readonly columns: C;
  /** Rows of every column. */
  readonly rows: number;
  /** Copies of the laned columns: one for each forwarding worker. */
  readonly lanes: number;
  /** Where each column is, by its name. */
  readonly places: { readonly [K in keyof C]: ColumnPlace };
  /** Bytes of the whole table. */
  readonly byteLength: number;
}

/**
 * Places every column of a table one after the other, lanes of a laned column apart, each on a 128-byte boundary
 * (two cache lines, so that the adjacent-line prefetcher does not make neighbours share).
 *
 * @example
 * ```ts
 * import { column, layOutTable, type TableLayout, viewTable } from '@fairlead/sdk';
 *
 * const columns = {
 *   limitBps: column('f64', 'bit/s', 'control', 'the rate it may not exceed'),
 *   sentBytes: column('f64', 'bytes', 'worker', 'bytes sent so far', { laned: true }),
 * } as const;
 * const layout: TableLayout<typeof columns> = layOutTable(columns, 100, 2); // 100 rows, two workers
 * const memory = new SharedArrayBuffer(layout.byteLength);
 *
 * const ofWorker1 = viewTable(layout, memory, 0, 1);
 * ofWorker1.sentBytes[42] += 1514;
 * ```
 */
export function layOutTable<C extends Columns>(columns: C, rows: number, lanes: number): TableLayout<C> {
  const places: Record<string, ColumnPlace> = {};
  let offset = 0;
  for (const [name, spec] of Object.entries(columns)) {
    const elements = rows * spec.width;
    places[name] = { offset, elements };
    offset += laneBytes(spec, elements) * (spec.laned ? lanes : 1);
  }
  return { columns, rows, lanes, places: places as TableLayout<C>['places'], byteLength: offset };
}

function laneBytes(spec: Column, elements: number): number {
  const bytes = elements * (spec.type === 'f64' ? 8 : 4);
  return Math.ceil(bytes / COLUMN_ALIGN) * COLUMN_ALIGN;
}

/**
 * The views of one lane: what a forwarding worker (or, with lane 0, a host with one worker) reads and writes.
 *
 * @example
 * ```ts
 * import { column, layOutTable, type TableLayout, viewTable } from '@fairlead/sdk';
 *
 * const columns = {
 *   limitBps: column('f64', 'bit/s', 'control', 'the rate it may not exceed'),
 *   sentBytes: column('f64', 'bytes', 'worker', 'bytes sent so far', { laned: true }),
 * } as const;
 * const layout: TableLayout<typeof columns> = layOutTable(columns, 100, 2); // 100 rows, two workers
 * const memory = new SharedArrayBuffer(layout.byteLength);
 *
 * const ofWorker1 = viewTable(layout, memory, 0, 1);
 * ofWorker1.sentBytes[42] += 1514;
 * ```
 */
export function viewTable<C extends Columns>(
  layout: TableLayout<C>,
  memory: SharedArrayBuffer | ArrayBuffer,
  byteOffset: number,
  lane: number,
): ColumnViews<C> {
  const views: Record<string, Float64Array | Int32Array> = {};
  for (const [name, spec] of Object.entries(layout.columns)) {
    const place = layout.places[name] as ColumnPlace;
    const at = byteOffset + place.offset + (spec.laned ? lane : 0) * laneBytes(spec, place.elements);
    views[name] =
      spec.type === 'f64'
        ? new Float64Array(memory as ArrayBuffer, at, place.elements)
        : new Int32Array(memory as ArrayBuffer, at, place.elements);
  }
  return views as ColumnViews<C>;
}
