/** A column of a policy's state, a row for each VM, and what may stand in it. */
export interface StateColumn {
  readonly values: Float64Array | Int32Array;
  readonly least: number;
  readonly most: number;
  /** Times, in nanoseconds on the host's clock; amounts otherwise. */
  readonly times?: boolean;
}

/** Empties the buckets of a row: from now on it earns. */
export function emptyRow(columns: readonly StateColumn[], row: number, nowUs: number): void {
  for (const { values, times } of columns) values[row] = times === true ? Math.round(nowUs * 1000) : 0;
}

/** A copy of the columns, to be handed to a successor. */
export function copyColumns(columns: readonly StateColumn[]): (Float64Array | Int32Array)[] {
  return columns.map(({ values }) => values.slice());
}

/**
 * Takes over columns that a predecessor has copied. All of them are looked at before the first is written.
 * @throws TypeError when they are not of this shape, or hold what no bucket holds.
 */
export function takeColumns(columns: readonly StateColumn[], state: unknown): void {
  if (!Array.isArray(state) || state.length !== columns.length) throw new TypeError('the buckets are of another meter');
  const given = state as readonly unknown[];
  columns.forEach((column, i) => demandFit(column, given[i]));
  columns.forEach(({ values }, i) => values.set(given[i] as Float64Array));
}

function demandFit({ values, least, most }: StateColumn, given: unknown): void {
  if (!(given instanceof Float64Array || given instanceof Int32Array) || given.length !== values.length)
    throw new TypeError('the buckets are those of other VMs');
  if (!given.every((value) => Number.isInteger(value) && value >= least && value <= most))
    throw new TypeError('the buckets hold what no bucket can');
}
