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
import { createObserve } from './observe.ts';
import { SLOTS } from './opened.ts';
import { synFloodOptions } from './options.ts';
import { CELLS, Column, isSynFloodState, type SynFloodState } from './state.ts';

export { synFloodOptions };

const DIRECTIONS = ['inbound', 'outbound'] as const;
/** Windows until a signal is over after the flood is, at most. */
const CLEAR_WINDOWS = 3;

/**
 * Signals a VM that is asked for connections, or asks for them, which come to nothing.
 *
 * The sequential test of Wang, Zhang and Shin, *Detecting SYN Flooding Attacks* (INFOCOM 2002): of what a window has
 * opened beyond what it has closed, as a part of the mean, what exceeds `a` adds up (their non-parametric CUSUM), and a
 * sum beyond `n` is a flood. For their FINs, which may come hours after the SYN, stands the first frame that goes on
 * with the connection; see the README.
 *
 * @example
 * ```ts
 * import synFlood from '@fairlead/detector-syn-flood';
 * import { createInstance, observed, testVms } from '@fairlead/sdk/testing';
 *
 * const detector = createInstance(synFlood, { floorSyns: 100 }, { vms: testVms([{}]) });
 * detector.observe(observed([new Uint8Array(60)]));
 * console.log(detector.judge(1_000_000)); // []
 * ```
 */
export class SynFlood implements Detector {
  readonly #options: Static<typeof synFloodOptions>;
  readonly #cells: Float64Array;
  readonly #slots: Int32Array;
  readonly #window = { now: 0 };
  readonly observe: Detector['observe'];

  constructor(@inject(Vms) vms: VmTable, @inject(Options) options: Static<typeof synFloodOptions>) {
    this.#options = options;
    this.#cells = new Float64Array(2 * vms.count * CELLS);
    this.#slots = new Int32Array(2 * vms.count * SLOTS);
    this.observe = createObserve({ cells: this.#cells, slots: this.#slots, window: this.#window });
  }

  judge(nowUs: number): readonly Signal[] {
    const signals: Signal[] = [];
    const rows = this.#cells.length / CELLS;
    for (let row = 0; row < rows; row++) {
      const signal = this.#judgeRow(row, nowUs);
      if (signal !== undefined) signals.push(signal);
    }
    this.#window.now++;
    return signals;
  }

  #judgeRow(row: number, nowUs: number): Signal | undefined {
    const { a, n, floorSyns, weight, activeResets } = this.#options;
    const cells = this.#cells;
    const cell = row * CELLS;
    const syns = cells[cell + Column.syns];
    const wentOn = cells[cell + Column.wentOn];
    const finished = Math.min(syns, wentOn + activeResets * cells[cell + Column.resets]);
    const unfinished = syns - finished;
    const mean = cells[cell + Column.mean];
    // A crowd that goes on is its own mean at once.
    const x = unfinished < floorSyns ? 0 : unfinished / Math.max(mean, finished, floorSyns);
    const sum = Math.min(Math.max(0, cells[cell + Column.sum] + x - a), n + CLEAR_WINDOWS * a);
    cells[cell + Column.sum] = sum;
    cells[cell + Column.mean] = mean + weight * (finished - mean);
    this.#turn(row, syns);
    if (sum <= n || unfinished < floorSyns) return undefined;
    const evidence = { direction: DIRECTIONS[row & 1], syns, unfinished, mean, sum };
    return { kind: 'attack', vm: row >> 1, atUs: nowUs, confidence: unfinished / syns, evidence };
  }

  /** Begins a row's next window. What was opened two windows ago is given up, so that idle VMs cost nothing. */
  #turn(row: number, syns: number): void {
    const cells = this.#cells;
    const cell = row * CELLS;
    cells.fill(0, cell, cell + Column.quietWindows);
    cells[cell + Column.quietWindows] = syns > 0 ? 0 : cells[cell + Column.quietWindows] + 1;
    if (cells[cell + Column.quietWindows] !== 2) return;
    this.#slots.fill(0, row * SLOTS, (row + 1) * SLOTS);
  }

  exportState(): SynFloodState {
    return { version: 1, cells: this.#cells, slots: this.#slots, window: this.#window.now };
  }

  /** @throws TypeError when it is not the state of such a detector, of as many VMs. */
  importState(state: unknown, from: StateOrigin): undefined {
    if (!isSynFloodState(state, this.#cells.length, this.#slots.length)) {
      throw new TypeError(`the state of ${from.name} is not one of SYNs of as many VMs`);
    }
    this.#cells.set(state.cells);
    this.#slots.set(state.slots);
    this.#window.now = state.window;
  }
}

/**
 * The plugin: `detectors: [{ use: syn-flood }]`.
 *
 * @example
 * ```ts
 * import synFlood from '@fairlead/detector-syn-flood';
 *
 * console.log(synFlood.kind, synFlood.name); // detector syn-flood
 * ```
 */
export default definePlugin({
  kind: 'detector',
  name: 'syn-flood',
  apiVersion: 1,
  options: synFloodOptions,
  implementation: SynFlood,
  needs: ['headers'],
  module: import.meta.url,
});
