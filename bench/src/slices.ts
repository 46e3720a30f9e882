import { median } from './rounds.ts';

const SLICE_FRAMES = 16_384;

/** A path of which one turn makes `inFlight` frames and one takes them all to the NICs. */
export interface Turns {
  make(): void;
  sweep(): void;
  /** Which of two sorts of work it is in now, where there are two. */
  readonly isOther?: boolean;
}

/** Looked up once: in some processes to find it costs as much as to call it. */
const clock = performance;

/**
 * Nanoseconds per frame of making frames and of sweeping them up, timed apart. Each is the median over slices of 16,384
 * frames, so that what other programs take from the core in some of them does not count; what reading the clock costs
 * is measured in every turn and taken off: it is not the same in interpreted and in compiled code. `../peer/transmit.c`
 * does the same, but for the clock, which it need measure only once.
 *
 * Of turns of two sorts each has a median of its own, which counts for as much as there is of it.
 */
export function timeTurns(turns: Turns, inFlight: number, frames: number): { made: number; swept: number } {
  const made: number[] = [];
  const swept: [one: number[], other: number[]] = [[], []];
  for (let done = 0; done < frames; ) {
    let emptyMs = 0;
    let makingMs = 0;
    let sweepingMs = 0;
    let slice = 0;
    for (; slice < SLICE_FRAMES; slice += inFlight) {
      const before = clock.now();
      const start = clock.now();
      turns.make();
      const madeAt = clock.now();
      turns.sweep();
      sweepingMs += clock.now() - madeAt;
      makingMs += madeAt - start;
      emptyMs += start - before;
    }
    made.push(((makingMs - emptyMs) * 1e6) / slice);
    swept[turns.isOther === true ? 1 : 0].push(((sweepingMs - emptyMs) * 1e6) / slice);
    done += slice;
  }
  return { made: median(made), swept: meanOfMedians(swept) };
}

function meanOfMedians(sorts: readonly number[][]): number {
  const some = sorts.filter((times) => times.length > 0);
  const all = some.reduce((sum, times) => sum + times.length, 0);
  return some.reduce((sum, times) => sum + (median(times) * times.length) / all, 0);
}
