import type { Clock, Log, Random } from '../clock.ts';

/** A clock that moves only when it is told to. */
export class ManualClock implements Clock {
  #nowUs: number;

  constructor(startUs = 0) {
    this.#nowUs = startUs;
  }

  nowUs(): number {
    return this.#nowUs;
  }

  advance(us: number): number {
    this.#nowUs += us;
    return this.#nowUs;
  }
}

/** A seeded generator (mulberry32) for tests: the same seed gives the same numbers. */
export function testRandom(seed: number): Random {
  let state = seed | 0;
  return {
    next(): number {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    },
  };
}

/** A log that keeps what it was told. */
export class MemoryLog implements Log {
  readonly entries: { level: 'info' | 'warn'; message: string }[] = [];

  info(message: string): void {
    this.entries.push({ level: 'info', message });
  }

  warn(message: string): void {
    this.entries.push({ level: 'warn', message });
  }
}
