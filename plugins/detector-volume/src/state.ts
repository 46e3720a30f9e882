/** What is measured, in the order of a row's columns. */
export const MEASURES = ['bps', 'fps', 'flowsPerS'] as const;

/** What is told of the TCP connections of a row: bits and frames that go on, openings, and new flows first seen to go on. */
export const TCP_RATES = 4;

/**
 * A row of 27 cells for each VM and direction. `shown` are the frames that were seen, `frames` those that they stand for,
 * and `standsFor` is the mean of how many each stood for when the mean of new flows was learnt. Of the frames that were
 * looked at, `opened` are those with a SYN and `other` those that are no TCP, or reset it; the rest goes on, and
 * `freshOn` are the fresh bits that such a frame was the first to set.
 *
 * ```
 *   this window
 *   bytes  frames  setBits  freshBits  againBits  freshOn  shown  looked  opened  other  otherBytes
 *
 *   former      learnt                                  too much            and not answered
 *   formerBits  learned  mean ×3  tcpMean ×4  standsFor  streak ×3           alarm ×3
 * ```
 */
export const Column = {
  bytes: 0,
  frames: 1,
  setBits: 2,
  freshBits: 3,
  againBits: 4,
  freshOn: 5,
  shown: 6,
  looked: 7,
  opened: 8,
  other: 9,
  otherBytes: 10,
  formerBits: 11,
  learned: 12,
  mean: 13,
  tcpMean: 16,
  standsFor: 20,
  streak: 21,
  alarm: 24,
} as const;
/** Bitmaps of a row. */
export const BITMAPS = 3;
/** Cells of a row. */
export const CELLS = 27;

/** What a detector hands to its successor. */
export interface VolumeState {
  readonly version: 3;
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
    given.version === 3 &&
    given.cells instanceof Float64Array &&
    given.cells.length === cells &&
    given.cells.every(isAmount) &&
    given.bits instanceof Int32Array &&
    given.bits.length === bits &&
    (given.half === 0 || given.half === 1) &&
    isAmount(given.lastUs)
  );
}
