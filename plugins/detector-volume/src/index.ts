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
import { answered, grewAlike, tcpRates } from './answered.ts';
import { BITMAP_BITS, BITMAP_WORDS, newFlows, newFlowsOn } from './flow-bitmap.ts';
import { createObserve } from './observe.ts';
import { volumeOptions } from './options.ts';
import { BITMAPS, CELLS, Column, isVolumeState, MEASURES, TCP_RATES, type VolumeState } from './state.ts';

export { volumeOptions };

const DIRECTIONS = ['inbound', 'outbound'] as const;
const FLOWS = MEASURES.indexOf('flowsPerS');
const pair = (length: number): readonly Float64Array[] => [0, 1].map(() => new Float64Array(length));

/**
 * Signals a VM that has more bytes, frames or new flows than it usually has, in either direction, and more than what has
 * grown with connections that go on both ways.
 *
 * The adaptive threshold of Siris and Papagalou (2004, section 3.1): a measure is too much above `1 + alpha` times its
 * exponentially weighted mean, and it is signalled when it was for so many windows one after the other. Other than
 * theirs the mean does not learn from what is too much, until that has lasted for `relearnWindows`; and what a crowd of
 * connections has brought is taken off first (`answered`).
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
  /** Of the VM that is judged, inbound and outbound: its rates, those of its TCP connections, and what is answered. */
  readonly #rates = pair(MEASURES.length);
  readonly #tcp = pair(TCP_RATES);
  readonly #answered = pair(MEASURES.length);
  /** Growth in frames of TCP that is not answered. */
  readonly #unanswered = [0, 0];
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
    for (let row = 0; row < rows; row += 2) {
      for (const of of [row, row + 1]) this.#measure(of, seconds);
      for (const of of [row, row + 1]) {
        const signal = this.#judgeRow(of, nowUs);
        if (signal !== undefined) signals.push(signal);
      }
      const longest = Math.max(this.#longest(row), this.#longest(row + 1));
      for (const of of [row, row + 1]) {
        this.#learn(of, longest > 0, longest >= this.#options.relearnWindows);
        this.#turn(of);
      }
    }
    this.#half.now = 1 - this.#half.now;
    return signals;
  }

  #measure(row: number, seconds: number): void {
    const cells = this.#cells;
    const cell = row * CELLS;
    const rates = this.#rates[row & 1];
    rates[0] = (cells[cell + Column.bytes] * 8) / seconds;
    rates[1] = cells[cell + Column.frames] / seconds;
    rates[FLOWS] = this.#newFlows(cell) / seconds;
    const on = newFlowsOn(
      cells[cell + Column.freshBits],
      cells[cell + Column.freshOn],
      cells[cell + Column.formerBits],
    );
    const onPerS = (on * this.#standsFor(cell)) / seconds;
    tcpRates(cells, cell, { bps: rates[0], fps: rates[1], on: onPerS }, this.#tcp[row & 1]);
  }

  #judgeRow(row: number, nowUs: number): Signal | undefined {
    const { alpha, answerRatio, crowdRest, learnWindows, windows } = this.#options;
    const cells = this.#cells;
    const cell = row * CELLS;
    const rates = this.#rates[row & 1];
    const crowd = this.#answered[row & 1];
    const [own, theirs] = [this.#tcp[row & 1], this.#tcp[1 - (row & 1)]];
    this.#unanswered[row & 1] = answered(cells, row, own, theirs, answerRatio, crowd);
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
      const isTooMuch = isKnown && rates[m] > threshold;
      const isAlarm = isTooMuch && rates[m] - (1 + crowdRest) * crowd[m] > threshold;
      const streak = isTooMuch ? cells[cell + Column.streak + m] + 1 : 0;
      const alarm = isAlarm ? cells[cell + Column.alarm + m] + 1 : 0;
      cells[cell + Column.streak + m] = streak;
      cells[cell + Column.alarm + m] = alarm;
      if (Math.max(alarm, this.#options.crowds ? streak : 0) < windows) continue;
      const signal = this.#signal(row, m, threshold, nowUs);
      if (signal !== undefined && signal.confidence > (worst?.confidence ?? 0)) worst = signal;
    }
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

  /**
   * Takes a window's rates into the means, but when something of the VM is too much and has not been for long: what is
   * answered is measured from the means of several.
   */
  #learn(row: number, isTooMuch: boolean, isUsual: boolean): void {
    const { weight, learnWindows } = this.#options;
    const cells = this.#cells;
    const cell = row * CELLS;
    const learned = cells[cell + Column.learned];
    if (learned < learnWindows) cells[cell + Column.learned]++;
    if (isTooMuch && !isUsual) return;
    const gain = Math.max(weight, 1 / (1 + learned));
    for (let m = 0; m < MEASURES.length; m++) {
      // What is too much and answered becomes usual with what is oldest; a flood that has come later does not.
      const streak = cells[cell + Column.streak + m];
      if (streak > 0 && streak < this.#options.relearnWindows && cells[cell + Column.alarm + m] > 0) continue;
      const own = streak > 0 ? 1 : gain;
      cells[cell + Column.mean + m] += own * (this.#rates[row & 1][m] - cells[cell + Column.mean + m]);
      cells[cell + Column.streak + m] = 0;
      cells[cell + Column.alarm + m] = 0;
      if (m === FLOWS) {
        cells[cell + Column.standsFor] += own * (this.#standsFor(cell) - cells[cell + Column.standsFor]);
      }
    }
    for (let m = 0; m < TCP_RATES; m++) {
      const at = cell + Column.tcpMean + m;
      const rate = this.#tcp[row & 1][m];
      // Of new flows that go on nothing may be known; then nothing is learnt.
      if (rate < Infinity) cells[at] += (isUsual ? 1 : gain) * (rate - cells[at]);
    }
  }

  /** For how many windows something of a row has been too much. */
  #longest(row: number): number {
    const streaks = row * CELLS + Column.streak;
    let longest = 0;
    for (let m = 0; m < MEASURES.length; m++) longest = Math.max(longest, this.#cells[streaks + m]);
    return longest;
  }

  #signal(row: number, m: number, threshold: number, nowUs: number): Signal | undefined {
    const { crowds, windows } = this.#options;
    const cell = row * CELLS;
    const alarm = this.#cells[cell + Column.alarm + m];
    const isCrowd = alarm < windows || this.#grewAlike(row);
    if (isCrowd && !crowds) return undefined;
    const rate = this.#rates[row & 1][m];
    const evidence = {
      direction: DIRECTIONS[row & 1],
      measure: MEASURES[m],
      rate,
      answered: this.#answered[row & 1][m],
      mean: this.#cells[cell + Column.mean + m],
      threshold,
      windows: Math.max(alarm, crowds ? this.#cells[cell + Column.streak + m] : 0),
    };
    const confidence = (rate / (rate + threshold)) * (isCrowd ? 0.5 : 1);
    return { kind: 'attack', vm: row >> 1, atUs: nowUs, confidence, evidence };
  }

  /**
   * A crowd brings more of the same (Jung, Krishnamurthy, Rabinovich 2002); a flood brings more of one thing. Of TCP it
   * is seen better whether it is answered.
   */
  #grewAlike(row: number): boolean {
    const { crowdRatio, crowdRest } = this.#options;
    const rates = this.#rates[row & 1];
    const grown = rates[1] - this.#cells[row * CELLS + Column.mean + 1];
    if (this.#unanswered[row & 1] > crowdRest * Math.max(0, grown)) return false;
    return grewAlike(this.#cells, row, rates, this.#rates[1 - (row & 1)][1], crowdRatio);
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
    return { version: 3, cells: this.#cells, bits: this.#bits, half: this.#half.now, lastUs: this.#lastUs };
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
