/** What is measured, in the order of a row's columns. */
export const MEASURES = ['bps', 'fps', 'flowsPerS'] as const;

/**
 * A row of 15 cells for each VM and direction. `shown` are the frames that were seen, `frames` those that they stand for,
 * and `standsFor` is the mean of how many each stood for when the mean of new flows was learnt.
 *
 * ```
 *   this window                                         former      learnt
 *   bytes  frames  setBits  freshBits  againBits  shown formerBits  learned  mean ×3  streak ×3  standsFor
 * ```
 */
export const Column = {
  bytes: 0,
  frames: 1,
  setBits: 2,
  freshBits: 3,
  againBits: 4,
  shown: 5,
  formerBits: 6,
  learned: 7,
  mean: 8,
  streak: 11,
  standsFor: 14,
} as const;
/** Bitmaps of a row. */
export const BITMAPS = 3;
/** Cells of a row. */
export const CELLS = 15;

/** What a detector hands to its successor. */
export interface VolumeState {
  readonly version: 2;
  readonly cells: Float64Array;
  readonly bits: Int32Array;
  /** Which of the two bitmaps is this window's. */
  readonly half: number;
  readonly lastUs: number;
}

/** No count or rate of a host comes near it; far enough from the end of the numbers to calculate with. */
const MOST = 1e15;

const isAmount = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= MOST;

export function isVolumeState(state: unknown, cells: number, bits: number): state is VolumeState {
  const given = (state ?? {}) as Partial<Record<keyof VolumeState, unknown>>;
  return (
    given.version === 2 &&
    given.cells instanceof Float64Array &&
    given.cells.length === cells &&
    given.cells.every(isAmount) &&
    given.bits instanceof Int32Array &&
    given.bits.length === bits &&
    (given.half === 0 || given.half === 1) &&
    isAmount(given.lastUs)
  );
}
