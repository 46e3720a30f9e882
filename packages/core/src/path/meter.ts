import type { CostProbe } from '../clock.ts';
import type { Budget } from '../config.ts';
import type { CostRow } from '../memory/cost-table.ts';
import { PluginFailure } from './plugin-failure.ts';

/** A budget of time is broken when the median of so many samples is above it. */
const WINDOW = 9;
const MAJORITY = (WINDOW + 1) / 2;
/** Calls between two samples when there are to be none. */
const NEVER = 0x3fff_ffff;

/**
 * What is measured, how often, and by what.
 *
 * @example
 * ```ts
 * import type { Sampling } from '@fairlead/core/stages';
 *
 * const sampling: Sampling = { every: 1024, seed: 1, probe: { nowNs: () => performance.now() * 1e6, heapBytes: () => 0 } };
 * ```
 */
export interface Sampling {
  /** One call in so many is measured, a power of two; 0: none. */
  readonly every: number;
  /** Reads time and memory. */
  readonly probe: CostProbe;
  /** From which the distances between samples are drawn. */
  readonly seed: number;
}

/**
 * When the next call is to be measured. The distance is drawn anew each time, from half of the period to one and a half,
 * so that traffic with a rhythm of its own, as every 64th batch a long one, is not met at the same beat for ever.
 */
export class Countdown {
  /** Calls until the next sample; counted down by the hot path itself. */
  left: number;
  readonly #every: number;
  #state: number;

  constructor({ every, seed }: Pick<Sampling, 'every' | 'seed'>, salt: number) {
    this.#every = every;
    this.#state = (Math.imul(seed + 1, 0x9e37_79b1) ^ Math.imul(salt + 1, 0x85eb_ca6b)) | 1;
    this.left = 0;
    this.again();
  }

  get off(): boolean {
    return this.#every === 0;
  }

  /** Draws the distance to the next sample: xorshift32 (Marsaglia 2003). */
  again(): void {
    if (this.#every <= 1) {
      this.left = this.#every === 0 ? NEVER : 1;
      return;
    }
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    this.left = (this.#every >> 1) + (x & (this.#every - 1)) + 1;
  }
}

/**
 * Holds the samples of one hook of one plugin against its budget, and keeps them in the table of costs.
 *
 * Time: one long call proves nothing. The thread may have been preempted in it, or the garbage of another may have been
 * collected; on a busy machine a sample of milliseconds is a matter of time. Half of the last nine calls being too long
 * is no accident. A single call that never ends is the watchdog's.
 *
 * Memory: what the heap and the buffers of this thread grew by during sampled calls, added up. A call in which garbage
 * was collected shows less than nothing and counts as nothing. Calls between the samples are not seen, nor is what a
 * plugin allocates outside of its calls, in a timer for example.
 */
export class Meter {
  readonly #row: CostRow;
  readonly #probe: CostProbe;
  readonly #hook: string;
  readonly #budget: Pick<Budget, 'batchUs' | 'memoryBytes'>;
  readonly #limitNs: number;
  /** The last samples, the oldest next. */
  readonly #window = new Float64Array(WINDOW);
  #next = 0;
  #over = 0;
  #grownBytes = 0;
  #startNs = 0;
  #startBytes = 0;
  /** What reading the heap adds to it. */
  #readingBytes = 0;

  constructor(
    hook: string,
    plugin: string,
    row: CostRow,
    probe: CostProbe,
    budget: Pick<Budget, 'batchUs' | 'memoryBytes'>,
  ) {
    this.#hook = hook;
    this.#row = row;
    this.#probe = probe;
    this.#budget = budget;
    this.#limitNs = budget.batchUs === undefined ? Number.POSITIVE_INFINITY : budget.batchUs * 1000;
    row.begin(plugin);
    if (budget.memoryBytes !== undefined) this.#calibrate();
  }

  #calibrate(): void {
    for (let i = 0; i < WINDOW; i++) {
      const before = this.#probe.heapBytes();
      this.#probe.nowNs();
      this.#probe.nowNs();
      this.#readingBytes = Math.max(this.#readingBytes, this.#probe.heapBytes() - before);
    }
  }

  begin(): void {
    if (this.#budget.memoryBytes !== undefined) this.#startBytes = this.#probe.heapBytes();
    this.#startNs = this.#probe.nowNs();
  }

  /** @throws PluginFailure `FAIRLEAD_ERR_PLUGIN_BUDGET` when the samples so far break the budget. */
  end(): void {
    const ns = this.#probe.nowNs() - this.#startNs;
    this.#row.add(ns);
    this.#holdTime(ns);
    if (this.#budget.memoryBytes !== undefined) this.#holdMemory(this.#budget.memoryBytes);
  }

  #holdTime(ns: number): void {
    const window = this.#window;
    if (window[this.#next] > this.#limitNs) this.#over--;
    if (ns > this.#limitNs) this.#over++;
    window[this.#next] = ns;
    this.#next = this.#next + 1 < WINDOW ? this.#next + 1 : 0;
    if (this.#over < MAJORITY) return;
    const allowed = this.#budget.batchUs as number;
    // Before the window is full, calls that were not made count as short ones.
    const used = (window.toSorted()[MAJORITY - 1] as number) / 1000;
    throw new PluginFailure(
      'FAIRLEAD_ERR_PLUGIN_BUDGET',
      `${this.#hook} takes ${used.toFixed(1)} µs a batch, the median of ${WINDOW} samples; its budget is ${allowed} µs`,
      { used, allowed, unit: 'us' },
    );
  }

  #holdMemory(allowed: number): void {
    const grown = this.#probe.heapBytes() - this.#startBytes - this.#readingBytes;
    if (grown > 0) this.#grownBytes += grown;
    if (this.#grownBytes <= allowed) return;
    const used = this.#grownBytes;
    throw new PluginFailure(
      'FAIRLEAD_ERR_PLUGIN_BUDGET',
      `${this.#hook} has taken ${used} bytes in sampled calls; its budget is ${allowed} bytes`,
      { used, allowed, unit: 'bytes' },
    );
  }
}
