import { median } from './rounds.ts';

const SLICE_FRAMES = 16_384;
const EMPTY_READS = 1001;

/** A path of which one turn makes `inFlight` frames and one takes them all to the NICs. */
export interface Turns {
  make(): void;
  sweep(): void;
}

/**
 * Nanoseconds per frame of making frames and of sweeping them up, timed apart. Each is the median over slices of 16,384
 * frames, so that what other programs take from the core in some of them does not count; what reading the clock costs
 * is taken off. `../peer/transmit.c` does the same.
 */
export function timeTurns(turns: Turns, inFlight: number, frames: number): { made: number; swept: number } {
  const empty: number[] = [];
  for (let i = 0; i < EMPTY_READS; i++) {
    const at = performance.now();
    empty.push(performance.now() - at);
  }
  const emptyMs = median(empty);
  const made: number[] = [];
  const swept: number[] = [];
  for (let done = 0; done < frames; ) {
    let makingMs = 0;
    let sweepingMs = 0;
    let slice = 0;
    for (; slice < SLICE_FRAMES; slice += inFlight) {
      const start = performance.now();
      turns.make();
      const madeAt = performance.now();
      turns.sweep();
      sweepingMs += performance.now() - madeAt - emptyMs;
      makingMs += madeAt - start - emptyMs;
    }
    made.push((makingMs * 1e6) / slice);
    swept.push((sweepingMs * 1e6) / slice);
    done += slice;
  }
  return { made: median(made), swept: median(swept) };
}
