import type { Clock } from '@fairlead/sdk';

/** The machine's monotonic clock, from zero when it is made. */
export class SystemClock implements Clock {
  readonly #start = performance.now();

  nowUs(): number {
    return (performance.now() - this.#start) * 1000;
  }
}

/** A clock that its owner sets: the inline runtime's. */
export class VirtualClock implements Clock {
  #nowUs = 0;

  nowUs(): number {
    return this.#nowUs;
  }

  /** Moves to a later time; an earlier one is ignored, time does not run backwards. */
  set(nowUs: number): void {
    if (nowUs > this.#nowUs) this.#nowUs = nowUs;
  }
}

/** Calls back after a time, if the process still runs then; returns how to call it off. */
export function afterRealTime(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms).unref();
  return () => clearTimeout(timer);
}
