/** A row of seven cells for each VM and direction in which connections are opened. */
export const Column = {
  /** Connections that were asked for in this window. */
  syns: 0,
  /** Connections that went on in this window. */
  wentOn: 1,
  /** Resets, with ACK, against the direction of the row in this window. */
  resets: 2,
  /** SYNs since the last one that is watched. */
  unwatched: 3,
  /** Windows since the last SYN. */
  quietWindows: 4,
  /** Mean of what came to something in a window. */
  mean: 5,
  /** The cumulative sum. */
  sum: 6,
} as const;
/** Cells of a row. */
export const CELLS = 7;

/** What a detector hands to its successor. */
export interface SynFloodState {
  readonly version: 1;
  readonly cells: Float64Array;
  readonly slots: Int32Array;
  readonly window: number;
}

/** No count of a host comes near it; far enough from the end of the numbers to calculate with. */
const MOST = 1e15;

const isAmount = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= MOST;

export function isSynFloodState(state: unknown, cells: number, slots: number): state is SynFloodState {
  const given = (state ?? {}) as Partial<Record<keyof SynFloodState, unknown>>;
  return (
    given.version === 1 &&
    given.cells instanceof Float64Array &&
    given.cells.length === cells &&
    given.cells.every(isAmount) &&
    given.slots instanceof Int32Array &&
    given.slots.length === slots &&
    isAmount(given.window) &&
    Number.isInteger(given.window)
  );
}
