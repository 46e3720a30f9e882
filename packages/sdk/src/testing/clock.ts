import type { Clock, Log, Random } from '../clock.ts';
import type { MoveLog, PolicyMove } from '../moves.ts';

/**
 * A clock that moves only when it is told to.
 *
 * @example
 * ```ts
 * import { ManualClock } from '@fairlead/sdk/testing';
 *
 * const clock = new ManualClock(1000);
 * clock.advance(500);
 * console.log(clock.nowUs()); // 1500
 * ```
 */
export class ManualClock implements Clock {
  #nowUs: number;

  constructor(startUs = 0) {
    this.#nowUs = startUs;
  }

  /** The time it was last set to, in microseconds. */
  nowUs(): number {
    return this.#nowUs;
  }

  /** Moves the clock by so many microseconds and returns the new time. */
  advance(us: number): number {
    this.#nowUs += us;
    return this.#nowUs;
  }
}

/**
 * A seeded generator (mulberry32) for tests: the same seed gives the same numbers.
 *
 * @example
 * ```ts
 * import { testRandom } from '@fairlead/sdk/testing';
 *
 * console.log(testRandom(7).next() === testRandom(7).next()); // true
 * ```
 */
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

/**
 * A log that keeps what it was told.
 *
 * @example
 * ```ts
 * import { MemoryLog } from '@fairlead/sdk/testing';
 *
 * const log = new MemoryLog();
 * log.warn('one NIC for two reservations');
 * console.log(log.entries); // [ { level: 'warn', message: 'one NIC for two reservations' } ]
 * ```
 */
export class MemoryLog implements Log {
  /** What was logged, oldest first. */
  readonly entries: { level: 'info' | 'warn'; message: string }[] = [];

  /** Keeps a message under `info`. */
  info(message: string): void {
    this.entries.push({ level: 'info', message });
  }

  /** Keeps a message under `warn`. */
  warn(message: string): void {
    this.entries.push({ level: 'warn', message });
  }
}

/**
 * Keeps the moves that a load distribution tells of.
 *
 * @example
 * ```ts
 * import flowHash from '@fairlead/load-distribution-flow-hash';
 * import { createInstance, MemoryMoves, testBatch, testNics } from '@fairlead/sdk/testing';
 *
 * const moves = new MemoryMoves();
 * const nics = testNics([1e9, 1e9]);
 * const policy = createInstance(flowHash, {}, { nics, moves });
 * policy.select(testBatch([64]));
 * nics.setAvailable(1);
 * policy.select(testBatch([64]));
 * console.log(moves.entries[0].what); // 128 buckets
 * ```
 */
export class MemoryMoves implements MoveLog {
  /** What was moved, oldest first. */
  readonly entries: PolicyMove[] = [];

  /** Keeps a move. */
  moved(move: PolicyMove): void {
    this.entries.push(move);
  }
}
