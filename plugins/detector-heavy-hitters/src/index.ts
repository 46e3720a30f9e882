import {
  type Clock,
  type Detector,
  definePlugin,
  inject,
  Options,
  type Signal,
  type StateOrigin,
  type Static,
  Time,
  Vms,
  type VmTable,
} from '@fairlead/sdk';
import { createObserve } from './observe.ts';
import { heavyHittersOptions } from './options.ts';
import { COLUMNS, dotted, heaviest } from './space-saving.ts';
import { CELLS, Column, type HeavyHittersState, isHeavyHittersState } from './state.ts';

export { heavyHittersOptions };

const DIRECTIONS = ['inbound', 'outbound'] as const;
const ROLES = ['source', 'destination'] as const;
/** A backup over UDP looks the same as a flood from one source. */
const MOST_CONFIDENCE = 0.6;

/**
 * Signals a VM whose frames come from one source for the most part, or go to one destination, and are not answered.
 *
 * What goes on with TCP connections is answered by what goes on the other way, at each second segment as a rule (RFC 9293,
 * section 3.8.6.3). A transfer is; a flood is not, since its victim answers with resets, with SYN-ACK, or not at all.
 *
 * @example
 * ```ts
 * import heavyHitters from '@fairlead/detector-heavy-hitters';
 * import { createInstance, observed, testVms } from '@fairlead/sdk/testing';
 *
 * const detector = createInstance(heavyHitters, { share: 0.7 }, { vms: testVms([{}]) });
 * detector.observe(observed([new Uint8Array(60)]));
 * console.log(detector.judge(1_000_000)); // []
 * ```
 */
export class HeavyHitters implements Detector {
  readonly #options: Static<typeof heavyHittersOptions>;
  readonly #cells: Float64Array;
  readonly #counters: Int32Array;
  #lastUs: number;
  readonly observe: Detector['observe'];

  constructor(
    @inject(Vms) vms: VmTable,
    @inject(Time) clock: Clock,
    @inject(Options) options: Static<typeof heavyHittersOptions>,
  ) {
    this.#options = options;
    this.#cells = new Float64Array(2 * vms.count * CELLS);
    this.#counters = new Int32Array(2 * vms.count * COLUMNS * options.counters);
    this.#lastUs = clock.nowUs();
    this.observe = createObserve({ cells: this.#cells, counters: this.#counters, k: options.counters });
  }

  judge(nowUs: number): readonly Signal[] {
    const seconds = (nowUs - this.#lastUs) / 1e6;
    if (seconds <= 0) return [];
    this.#lastUs = nowUs;
    const signals: Signal[] = [];
    const rows = this.#cells.length / CELLS;
    for (let row = 0; row < rows; row++) {
      const frames = this.#cells[row * CELLS + Column.frames];
      const signal = frames / seconds < this.#options.floorFps ? this.#letGo(row) : this.#judgeRow(row, seconds, nowUs);
      if (signal !== undefined) signals.push(signal);
      // A row is judged with that of the other direction, which must still be there.
      if ((row & 1) === 1) for (const judged of [row - 1, row]) this.#turn(judged);
    }
    return signals;
  }

  #letGo(row: number): undefined {
    this.#cells[row * CELLS + Column.streak] = 0;
  }

  #judgeRow(row: number, seconds: number, nowUs: number): Signal | undefined {
    const { answerRatio, counters: k, share: limit, windows } = this.#options;
    const cell = row * CELLS;
    const frames = this.#cells[cell + Column.frames];
    const samples = this.#cells[cell + Column.samples];
    const { address, count } = heaviest(this.#counters, row * COLUMNS * k, (row ^ 1) * COLUMNS * k, k, answerRatio);
    const share = Math.min(1, Math.max(0, count / Math.max(1, samples)));
    // Two standard errors of a part of so many samples, at most: it is beyond the limit, and not by chance.
    if (share - 1 / Math.sqrt(Math.max(1, samples)) <= limit) return this.#letGo(row);
    const streak = this.#cells[cell + Column.streak] + 1;
    this.#cells[cell + Column.streak] = streak;
    if (streak < windows) return undefined;
    const evidence = {
      direction: DIRECTIONS[row & 1],
      [ROLES[row & 1]]: dotted(address),
      share,
      fps: (share * frames) / seconds,
      windows: streak,
    };
    return { kind: 'attack', vm: row >> 1, atUs: nowUs, confidence: MOST_CONFIDENCE * share, evidence };
  }

  #turn(row: number): void {
    if (this.#cells[row * CELLS + Column.frames] === 0) return;
    const words = COLUMNS * this.#options.counters;
    this.#counters.fill(0, row * words, (row + 1) * words);
    this.#cells.fill(0, row * CELLS, row * CELLS + Column.streak);
  }

  exportState(): HeavyHittersState {
    return { version: 2, cells: this.#cells, counters: this.#counters, lastUs: this.#lastUs };
  }

  /** @throws TypeError when it is not the state of such a detector, of as many VMs and counters. */
  importState(state: unknown, from: StateOrigin): undefined {
    if (!isHeavyHittersState(state, this.#cells.length, this.#counters.length) || state.lastUs > this.#lastUs) {
      throw new TypeError(`the state of ${from.name} is not one of as many counters of as many VMs`);
    }
    this.#cells.set(state.cells);
    this.#counters.set(state.counters);
    this.#lastUs = state.lastUs;
  }
}

/**
 * The plugin: `detectors: [{ use: heavy-hitters }]`.
 *
 * @example
 * ```ts
 * import heavyHitters from '@fairlead/detector-heavy-hitters';
 *
 * console.log(heavyHitters.kind, heavyHitters.name); // detector heavy-hitters
 * ```
 */
export default definePlugin({
  kind: 'detector',
  name: 'heavy-hitters',
  apiVersion: 1,
  options: heavyHittersOptions,
  implementation: HeavyHitters,
  needs: ['headers'],
  module: import.meta.url,
});
