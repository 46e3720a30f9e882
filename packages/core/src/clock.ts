import { getHeapStatistics } from 'node:v8';
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

/**
 * What a plugin's calls are measured by. Not the host's clock: under the inline runtime that one stands still during a
 * call. A test gives its own, and so decides what each call costs.
 *
 * @example
 * ```ts
 * import type { CostProbe, HostParts } from '@fairlead/core';
 *
 * let spentNs = 0; // a policy under test adds to it what it is to cost
 * const probe: CostProbe = { nowNs: () => spentNs, heapBytes: () => 0 };
 * const parts: HostParts = { probe }; // new Host(composition, parts)
 * ```
 */
export interface CostProbe {
  /** The machine's time, in nanoseconds from anywhere. */
  nowNs(): number;
  /** Memory of this thread, in bytes: its heap and what its buffers hold outside it. */
  heapBytes(): number;
}

/** Measures by the machine: its monotonic clock and the heap of this thread's isolate. */
export class SystemCostProbe implements CostProbe {
  nowNs(): number {
    return performance.now() * 1e6;
  }

  heapBytes(): number {
    const { used_heap_size, external_memory, malloced_memory } = getHeapStatistics();
    return used_heap_size + external_memory + malloced_memory;
  }
}
