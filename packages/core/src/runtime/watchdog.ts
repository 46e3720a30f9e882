import type { Arena } from '../memory/arena.ts';

/**
 * Reads each forwarding worker's heartbeat. A worker that neither sleeps nor beats for `stallMs` is reported, once.
 */
export class Watchdog {
  readonly #arena: Arena;
  readonly #stallMs: number;
  readonly #stalled: (worker: number) => void;
  readonly #seen: Int32Array;
  readonly #silentMs: Float64Array;
  #timer: NodeJS.Timeout | undefined;

  constructor(arena: Arena, stallMs: number, stalled: (worker: number) => void) {
    this.#arena = arena;
    this.#stallMs = stallMs;
    this.#stalled = stalled;
    this.#seen = new Int32Array(arena.handle.shape.workers);
    this.#silentMs = new Float64Array(arena.handle.shape.workers);
  }

  start(): void {
    const periodMs = Math.max(10, Math.floor(this.#stallMs / 5));
    this.#timer = setInterval(() => this.check(periodMs), periodMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Looks at every worker, `elapsedMs` after the last look. */
  check(elapsedMs: number): void {
    const { threads } = this.#arena;
    for (let worker = 0; worker < this.#seen.length; worker++) {
      const beat = threads.heartbeat(worker);
      if (beat !== this.#seen[worker] || threads.isSleeping(worker) || threads.isPaused(worker)) {
        this.#seen[worker] = beat;
        this.#silentMs[worker] = 0;
        continue;
      }
      const before = this.#silentMs[worker];
      this.#silentMs[worker] = before + elapsedMs;
      if (before < this.#stallMs && this.#silentMs[worker] >= this.#stallMs) this.#stalled(worker);
    }
  }

  /** A worker was replaced: its silence so far was its predecessor's. */
  forget(worker: number): void {
    this.#silentMs[worker] = 0;
  }
}
