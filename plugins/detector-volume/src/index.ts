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
import { BITMAP_BITS, BITMAP_WORDS, newFlows } from './flow-bitmap.ts';
import { createObserve } from './observe.ts';
import { volumeOptions } from './options.ts';
import { BITMAPS, CELLS, Column, isVolumeState, MEASURES, type VolumeState } from './state.ts';

export { volumeOptions };

const DIRECTIONS = ['inbound', 'outbound'] as const;
const FLOWS = MEASURES.indexOf('flowsPerS');

/**
 * Signals a VM that has more bytes, frames or new flows than it usually has, in either direction.
 *
 * The adaptive threshold of Siris and Papagalou (2004, section 3.1): a measure is too much above `1 + alpha` times its
 * exponentially weighted mean, and it is signalled when it was for so many windows one after the other. Other than
 * theirs the mean does not learn from what is too much, until that has lasted for `relearnWindows`.
 *
 * @example
 * ```ts
 * import volume from '@fairlead/detector-volume';
 * import { createInstance, observed, testVms } from '@fairlead/sdk/testing';
 *
 * const detector = createInstance(volume, { floorFps: 1000 }, { vms: testVms([{}]) });
 * detector.observe(observed([new Uint8Array(60)]));
 * console.log(detector.judge(1_000_000)); // []
 * ```
 */
export class Volume implements Detector {
  readonly #options: Static<typeof volumeOptions>;
  readonly #floors: readonly number[];
  readonly #cells: Float64Array;
  /** For each row this window's bitmap and the former one's, which change places, and what was set twice. */
  readonly #bits: Int32Array;
  /** Of the row that is judged. */
  readonly #rates = new Float64Array(MEASURES.length);
  readonly #half = { now: 0 };
  #lastUs: number;
  readonly observe: Detector['observe'];

  constructor(
    @inject(Vms) vms: VmTable,
    @inject(Time) clock: Clock,
    @inject(Options) options: Static<typeof volumeOptions>,
  ) {
    this.#options = options;
    this.#floors = [options.floorBps, options.floorFps, options.floorFlowsPerS];
    this.#cells = new Float64Array(2 * vms.count * CELLS);
    this.#bits = new Int32Array(2 * vms.count * BITMAPS * BITMAP_WORDS);
    this.#lastUs = clock.nowUs();
    this.observe = createObserve({ cells: this.#cells, bits: this.#bits, half: this.#half });
  }

  judge(nowUs: number): readonly Signal[] {
    const seconds = (nowUs - this.#lastUs) / 1e6;
    if (seconds <= 0) return [];
    this.#lastUs = nowUs;
    const signals: Signal[] = [];
    const rows = this.#cells.length / CELLS;
    for (let row = 0; row < rows; row++) {
      const signal = this.#judgeRow(row, seconds, nowUs);
      if (signal !== undefined) signals.push(signal);
    }
    this.#half.now = 1 - this.#half.now;
    return signals;
  }

  #judgeRow(row: number, seconds: number, nowUs: number): Signal | undefined {
    const { alpha, learnWindows, windows } = this.#options;
    const cells = this.#cells;
    const cell = row * CELLS;
    const rates = this.#rates;
    rates[0] = (cells[cell + Column.bytes] * 8) / seconds;
    rates[1] = cells[cell + Column.frames] / seconds;
    rates[FLOWS] = this.#newFlows(cell) / seconds;
    const standsFor = this.#standsFor(cell);
    const learnt = cells[cell + Column.standsFor] || standsFor;
    // Flows have no weight: a short one has passed unseen, a long one has not. Means of the one way of looking say only
    // about so much of the other.
    const unlike = Math.max(standsFor / learnt, learnt / standsFor);
    const isKnown = cells[cell + Column.learned] >= learnWindows;
    let worst: Signal | undefined;
    for (let m = 0; m < MEASURES.length; m++) {
      const threshold = Math.max(
        this.#floors[m],
        (1 + alpha) * cells[cell + Column.mean + m] * (m === FLOWS ? unlike : 1),
      );
      const streak = isKnown && rates[m] > threshold ? cells[cell + Column.streak + m] + 1 : 0;
      cells[cell + Column.streak + m] = streak;
      if (streak < windows) continue;
      const signal = this.#signal(row, m, threshold, nowUs);
      if (signal !== undefined && signal.confidence > (worst?.confidence ?? 0)) worst = signal;
    }
    this.#learn(cell, standsFor);
    this.#turn(row);
    return worst;
  }

  #newFlows(cell: number): number {
    const cells = this.#cells;
    return newFlows(cells[cell + Column.freshBits], cells[cell + Column.againBits], cells[cell + Column.formerBits]);
  }

  /** How many frames each that was shown in this window stood for. */
  #standsFor(cell: number): number {
    const shown = this.#cells[cell + Column.shown];
    return shown === 0 ? this.#cells[cell + Column.standsFor] || 1 : this.#cells[cell + Column.frames] / shown;
  }

  /** Takes a window's rates into the means, but for what is too much and has not been for long. */
  #learn(cell: number, standsFor: number): void {
    const { weight, learnWindows, relearnWindows } = this.#options;
    const cells = this.#cells;
    const learned = cells[cell + Column.learned];
    if (learned < learnWindows) cells[cell + Column.learned]++;
    for (let m = 0; m < MEASURES.length; m++) {
      const streak = cells[cell + Column.streak + m];
      const isNewMean = streak >= relearnWindows;
      if (streak > 0 && !isNewMean) continue;
      const gain = isNewMean ? 1 : Math.max(weight, 1 / (1 + learned));
      cells[cell + Column.mean + m] += gain * (this.#rates[m] - cells[cell + Column.mean + m]);
      cells[cell + Column.streak + m] = 0;
      if (m === FLOWS) cells[cell + Column.standsFor] += gain * (standsFor - cells[cell + Column.standsFor]);
    }
  }

  #signal(row: number, m: number, threshold: number, nowUs: number): Signal | undefined {
    const { crowdRatio, crowds } = this.#options;
    const cell = row * CELLS;
    let most = 0;
    let least = Infinity;
    for (let k = 0; k < MEASURES.length; k++) {
      const growth = this.#rates[k] / Math.max(1, this.#cells[cell + Column.mean + k]);
      most = Math.max(most, growth);
      least = Math.min(least, growth);
    }
    // A crowd brings more of the same (Jung, Krishnamurthy, Rabinovich 2002); a flood brings more of one thing.
    const isCrowd = most <= crowdRatio * least;
    if (isCrowd && !crowds) return undefined;
    const rate = this.#rates[m];
    const evidence = {
      direction: DIRECTIONS[row & 1],
      measure: MEASURES[m],
      rate,
      mean: this.#cells[cell + Column.mean + m],
      threshold,
      windows: this.#cells[cell + Column.streak + m],
    };
    const confidence = (rate / (rate + threshold)) * (isCrowd ? 0.5 : 1);
    return { kind: 'attack', vm: row >> 1, atUs: nowUs, confidence, evidence };
  }

  /** Begins the next window: the former one's bitmap becomes its. */
  #turn(row: number): void {
    const cells = this.#cells;
    const cell = row * CELLS;
    const bitmaps = row * BITMAPS * BITMAP_WORDS;
    if (cells[cell + Column.formerBits] > 0) {
      const former = bitmaps + (1 - this.#half.now) * BITMAP_WORDS;
      this.#bits.fill(0, former, former + BITMAP_WORDS);
    }
    if (cells[cell + Column.frames] > 0) {
      this.#bits.fill(0, bitmaps + 2 * BITMAP_WORDS, bitmaps + BITMAPS * BITMAP_WORDS);
    }
    cells[cell + Column.formerBits] = Math.min(cells[cell + Column.setBits], BITMAP_BITS);
    cells.fill(0, cell, cell + Column.formerBits);
  }

  exportState(): VolumeState {
    return { version: 2, cells: this.#cells, bits: this.#bits, half: this.#half.now, lastUs: this.#lastUs };
  }

  /** @throws TypeError when it is not the state of such a detector, of as many VMs. */
  importState(state: unknown, from: StateOrigin): undefined {
    if (!isVolumeState(state, this.#cells.length, this.#bits.length) || state.lastUs > this.#lastUs) {
      throw new TypeError(`the state of ${from.name} is not one of volumes of as many VMs`);
    }
    this.#cells.set(state.cells);
    this.#bits.set(state.bits);
    this.#half.now = state.half;
    this.#lastUs = state.lastUs;
  }
}

/**
 * The plugin: `detectors: [{ use: volume }]`.
 *
 * @example
 * ```ts
 * import volume from '@fairlead/detector-volume';
 *
 * console.log(volume.kind, volume.name); // detector volume
 * ```
 */
export default definePlugin({
  kind: 'detector',
  name: 'volume',
  apiVersion: 1,
  options: volumeOptions,
  implementation: Volume,
  needs: ['headers'],
  module: import.meta.url,
});
