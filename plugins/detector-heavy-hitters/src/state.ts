/** A row of three cells for each VM and direction. */
export const Column = {
  /** Frames of this window. */
  frames: 0,
  /** Those of them that were looked at. */
  samples: 1,
  /** Windows that one address has had too much. */
  streak: 2,
} as const;
/** Cells of a row. */
export const CELLS = 3;

/** What a detector hands to its successor. */
export interface HeavyHittersState {
  readonly version: 2;
  readonly cells: Float64Array;
  readonly counters: Int32Array;
  readonly lastUs: number;
}

/** No count of a host comes near it; far enough from the end of the numbers to calculate with. */
const MOST = 1e15;

const isAmount = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= MOST;

export function isHeavyHittersState(state: unknown, cells: number, counters: number): state is HeavyHittersState {
  const given = (state ?? {}) as Partial<Record<keyof HeavyHittersState, unknown>>;
  return (
    given.version === 2 &&
    given.cells instanceof Float64Array &&
    given.cells.length === cells &&
    given.cells.every(isAmount) &&
    given.counters instanceof Int32Array &&
    given.counters.length === counters &&
    isAmount(given.lastUs)
  );
}
