/** Slots of a row: 512 bytes. */
export const SLOTS = 128;
/** The upper bits of a product, which depend on every bit of a hash, are the number of its slot. */
export const SLOT_SHIFT = 25;
/** Windows until a generation's number comes again. */
const GENERATIONS = 15;

/*
 * A slot is a word: which connection, how many it stands for, and in which window it was opened; 0 when it is free.
 *
 *    31            14 13         4 3          0
 *   ┌────────────────┬────────────┬────────────┐
 *   │ tag of the flow│   weight   │ generation │
 *   └────────────────┴────────────┴────────────┘
 */
export const TAG_SHIFT = 14;
const TAG = -1 << TAG_SHIFT;
const WEIGHT_SHIFT = 4;
const MOST_WEIGHT = 1023;
const GENERATION = 15;

/** What came of a SYN: it is the first of its connection and watched, the first and not watched, or said again. */
export const Opening = { Watched: 0, Unwatched: 1, Again: 2 } as const;
export type Opening = (typeof Opening)[keyof typeof Opening];

/** The number of a window, 1 to 15. */
export function generationOf(window: number): number {
  return 1 + (window % GENERATIONS);
}

/** A SYN takes its slot, unless another of the same window waits there. It stands for `weight` connections. */
export function open(slots: Int32Array, row: number, flow: number, generation: number, weight: number): Opening {
  const at = row * SLOTS + (Math.imul(flow, 0x9e3779b1) >>> SLOT_SHIFT);
  const slot = slots[at];
  if ((slot & GENERATION) === generation) return ((slot ^ flow) & TAG) === 0 ? Opening.Again : Opening.Unwatched;
  slots[at] = (flow & TAG) | (Math.min(weight, MOST_WEIGHT) << WEIGHT_SHIFT) | generation;
  return Opening.Watched;
}

/** How many connections a slot stands for; 0 when it is free. */
export function weightOf(slot: number): number {
  return (slot >>> WEIGHT_SHIFT) & MOST_WEIGHT;
}
