/** One in so many frames is looked at: gaps of 1 to 8 frames, each as likely. */
const GAP = 4.5;
/** Bits of a bitmap: 128 bytes. */
export const BITMAP_BITS = 1024;
/** So few bits that are not set say nothing of what goes on. */
const MOST_FORMER = BITMAP_BITS - 32;
/** Words of 32 bits that they take. */
export const BITMAP_WORDS = BITMAP_BITS / 32;

/**
 * How many flows are in this window and were not in the one before, from the bits that one in 4.5 frames set.
 *
 * Linear counting (Whang, Vander-Zanden, Taylor 1990, section 2): of m bits, n flows leave m·e^(-n/m) at 0. The flows of
 * both windows leave what neither set, those of the former what it did not set; the difference is what is new and
 * seen. What was not seen follows from the flows that were seen once: for each of them there are 3.5 like it, if it
 * has one frame (the jackknife of first order, Burnham and Overton 1978). So flows of one frame are counted right, as
 * are those of more than 30; of those between up to twice as many are told.
 *
 * @param fresh bits that this window set and the former did not
 * @param again those of them that were set more than once
 * @param former bits that the former window set
 * @returns flows; at most 31,940, when every bit is set
 */
export function newFlows(fresh: number, again: number, former: number): number {
  if (fresh <= 0) return 0;
  const before = Math.max(1, BITMAP_BITS - former);
  const after = Math.max(1, before - fresh);
  const seen = BITMAP_BITS * Math.log(before / after);
  // A bit that two flows share looks like a flow seen twice: m/unset times as many as bits set once.
  const once = Math.min(seen, Math.max(0, fresh - again) * (BITMAP_BITS / after));
  return seen + (GAP - 1) * once;
}

/**
 * How many of the new flows that have been seen went on with a TCP connection when they were seen first. Of short ones
 * with a SYN that are three in ten, of longer ones more than six, of those that only begin none.
 *
 * @param fresh bits that this window set and the former did not
 * @param freshOn those of them that a frame which goes on was the first to set
 * @param former bits that the former window set
 * @returns flows; nothing is known when nearly all bits are set
 */
export function newFlowsOn(fresh: number, freshOn: number, former: number): number {
  if (former > MOST_FORMER) return Number.POSITIVE_INFINITY;
  if (fresh <= 0) return 0;
  const before = Math.max(1, BITMAP_BITS - former);
  return (freshOn / fresh) * BITMAP_BITS * Math.log(before / Math.max(1, before - fresh));
}
