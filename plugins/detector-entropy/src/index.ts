import {
  type Detector,
  definePlugin,
  inject,
  Options,
  type Signal,
  type StateOrigin,
  type Static,
  Vms,
  type VmTable,
} from '@fairlead/sdk';
import { evenness, total } from './entropy.ts';
import { createObserve } from './observe.ts';
import { entropyOptions } from './options.ts';
import { CELLS, Column, type EntropyState, Histogram, isEntropyState, ROW } from './state.ts';

export { entropyOptions };

const DIRECTIONS = ['inbound', 'outbound'] as const;
/** Frames that must have been looked at; twice the buckets. Until then a histogram goes on over several windows. */
const ENOUGH = 64;

/**
 * Signals a VM whose frames come from more made-up sources than usual, or from fewer real ones: when the entropy of the
 * addresses at the other end of what begins leaves its band, and that of what goes on does not follow.
 *
 * @example
 * ```ts
 * import entropy from '@fairlead/detector-entropy';
 * import { createInstance, observed, testVms } from '@fairlead/sdk/testing';
 *
 * const detector = createInstance(entropy, { floorFrames: 500 }, { vms: testVms([{}]) });
 * detector.observe(observed([new Uint8Array(60)]));
 * console.log(detector.judge(1_000_000)); // []
 * ```
 */
export class Entropy implements Detector {
  readonly #options: Static<typeof entropyOptions>;
  readonly #cells: Float64Array;
  readonly #histograms: Int32Array;
  readonly observe: Detector['observe'];

  constructor(@inject(Vms) vms: VmTable, @inject(Options) options: Static<typeof entropyOptions>) {
    this.#options = options;
    this.#cells = new Float64Array(2 * vms.count * CELLS);
    this.#histograms = new Int32Array(2 * vms.count * ROW);
    this.observe = createObserve({ cells: this.#cells, histograms: this.#histograms });
  }

  judge(nowUs: number): readonly Signal[] {
    const signals: Signal[] = [];
    const rows = this.#cells.length / CELLS;
    for (let row = 0; row < rows; row++) {
      if (this.#cells[row * CELLS + Column.frames] === 0) {
        this.#cells[row * CELLS + Column.streak] = 0;
        continue;
      }
      if (total(this.#histograms, row * ROW + Histogram.begin) >= ENOUGH) {
        const signal = this.#judgeRow(row, nowUs);
        if (signal !== undefined) signals.push(signal);
        this.#histograms.fill(0, row * ROW, (row + 1) * ROW);
      }
      this.#cells[row * CELLS + Column.frames] = 0;
    }
    return signals;
  }

  #judgeRow(row: number, nowUs: number): Signal | undefined {
    const { floorFrames, shift, width, windows, learnWindows } = this.#options;
    const cells = this.#cells;
    const cell = row * CELLS;
    const frames = cells[cell + Column.frames];
    const entropy = evenness(this.#histograms, row * ROW + Histogram.begin);
    const goesOn = total(this.#histograms, row * ROW + Histogram.goOn) >= ENOUGH;
    const goOn = goesOn ? evenness(this.#histograms, row * ROW + Histogram.goOn) : cells[cell + Column.goOnMean];
    const mean = cells[cell + Column.mean];
    const band = Math.max(shift, width * Math.sqrt(cells[cell + Column.variance]));
    const away = entropy - mean;
    const isKnown = cells[cell + Column.learned] >= learnWindows;
    // Of a crowd the rest goes the same way: more clients begin, and more go on.
    const follows = goesOn && (goOn - cells[cell + Column.goOnMean]) * Math.sign(away) > Math.abs(away) / 2;
    const isOut = isKnown && frames >= floorFrames && Math.abs(away) > band && !follows;
    const streak = isOut ? cells[cell + Column.streak] + 1 : 0;
    cells[cell + Column.streak] = streak;
    this.#learn(cell, entropy, goOn, isOut);
    if (streak < windows) return undefined;
    const evidence = { direction: DIRECTIONS[row & 1], entropy, mean, band, frames, windows: streak };
    const confidence = Math.abs(away) / (Math.abs(away) + band);
    return { kind: 'attack', vm: row >> 1, atUs: nowUs, confidence, evidence };
  }

  /** Takes a window into the means, unless it is out of the band and has not been for long. */
  #learn(cell: number, entropy: number, goOn: number, isOut: boolean): void {
    const { weight, relearnWindows } = this.#options;
    const cells = this.#cells;
    if (isOut && cells[cell + Column.streak] < relearnWindows) return;
    if (isOut) cells.fill(0, cell + Column.learned, cell + CELLS);
    const learned = cells[cell + Column.learned]++;
    const gain = Math.max(weight, 1 / (1 + learned));
    const away = entropy - cells[cell + Column.mean];
    cells[cell + Column.mean] += gain * away;
    cells[cell + Column.variance] = (1 - gain) * (cells[cell + Column.variance] + gain * away * away);
    cells[cell + Column.goOnMean] += gain * (goOn - cells[cell + Column.goOnMean]);
  }

  exportState(): EntropyState {
    return { version: 1, cells: this.#cells, histograms: this.#histograms };
  }

  /** @throws TypeError when it is not the state of such a detector, of as many VMs. */
  importState(state: unknown, from: StateOrigin): undefined {
    if (!isEntropyState(state, this.#cells.length, this.#histograms.length)) {
      throw new TypeError(`the state of ${from.name} is not one of histograms of as many VMs`);
    }
    this.#cells.set(state.cells);
    this.#histograms.set(state.histograms);
  }
}

/**
 * The plugin: `detectors: [{ use: entropy }]`.
 *
 * @example
 * ```ts
 * import entropy from '@fairlead/detector-entropy';
 *
 * console.log(entropy.kind, entropy.name); // detector entropy
 * ```
 */
export default definePlugin({
  kind: 'detector',
  name: 'entropy',
  apiVersion: 1,
  options: entropyOptions,
  implementation: Entropy,
  needs: ['headers'],
  module: import.meta.url,
});
