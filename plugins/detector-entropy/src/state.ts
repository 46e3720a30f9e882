import { BUCKETS } from './entropy.ts';

/** A row of two histograms for each VM and direction, of the addresses at the other end. */
export const Histogram = {
  /** Frames that begin something: all but those of TCP with ACK. */
  begin: 0,
  /** Frames of TCP with ACK. */
  goOn: BUCKETS,
} as const;
/** Counts of a row. */
export const ROW = 2 * BUCKETS;

/** A row of six cells for each VM and direction. */
export const Column = {
  /** Frames of this window. */
  frames: 0,
  /** Windows that were learnt from. */
  learned: 1,
  /** Windows out of the band. */
  streak: 2,
  /** Mean entropy of what begins. */
  mean: 3,
  /** Its variance. */
  variance: 4,
  /** Mean entropy of what goes on. */
  goOnMean: 5,
} as const;
/** Cells of a row. */
export const CELLS = 6;

/** What a detector hands to its successor. */
export interface EntropyState {
  readonly version: 1;
  readonly cells: Float64Array;
  readonly histograms: Int32Array;
}

/** No count of a host comes near it; far enough from the end of the numbers to calculate with. */
const MOST = 1e15;

export function isEntropyState(state: unknown, cells: number, histograms: number): state is EntropyState {
  const given = (state ?? {}) as Partial<Record<keyof EntropyState, unknown>>;
  return (
    given.version === 1 &&
    given.cells instanceof Float64Array &&
    given.cells.length === cells &&
    given.cells.every((cell) => cell >= 0 && cell <= MOST) &&
    given.histograms instanceof Int32Array &&
    given.histograms.length === histograms &&
    given.histograms.every((count) => count >= 0)
  );
}
