/**
 * Time, in microseconds since the host started. Virtual under the inline runtime.
 *
 * @example
 * ```ts
 * import { type Clock, inject, type LinkStatus, Time } from '@fairlead/sdk';
 *
 * // The link of a NIC that is up from the first second on.
 * class LateLink {
 *   constructor(@inject(Time) private readonly clock: Clock) {}
 *
 *   link(): LinkStatus {
 *     return { up: this.clock.nowUs() >= 1_000_000, speedBps: 1e9 };
 *   }
 * }
 * ```
 */
export interface Clock {
  /** Microseconds since the host started; never less than before. */
  nowUs(): number;
}

/**
 * Randomness from a seeded generator: the same seed gives the same numbers.
 *
 * @example
 * ```ts
 * import { inject, type Random, Randomness } from '@fairlead/sdk';
 *
 * // Loses one frame in a hundred, the same ones in every run.
 * class Loss {
 *   constructor(@inject(Randomness) private readonly random: Random) {}
 *
 *   loses(): boolean {
 *     return this.random.next() < 0.01;
 *   }
 * }
 * ```
 */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
}

/**
 * Where a plugin reports what it does; never called per frame.
 *
 * @example
 * ```ts
 * import { inject, type Log, Logger } from '@fairlead/sdk';
 *
 * class Attached {
 *   constructor(@inject(Logger) private readonly log: Log) {}
 *
 *   async open(): Promise<void> {
 *     this.log.info('listening', { path: '/run/vm.sock' });
 *   }
 * }
 * ```
 */
export interface Log {
  /** What an operator may want to know; `fields` are kept beside the message. */
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** What an operator should look at; `fields` are kept beside the message. */
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}
