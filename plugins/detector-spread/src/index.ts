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
import { estimate, STANDARD_ERROR } from './hyper-log-log.ts';
import { createObserve } from './observe.ts';
import { spreadOptions } from './options.ts';
import { CELLS, Column, isSpreadState, ROW, Sketch, type SpreadState } from './state.ts';

export { spreadOptions };

/** Beginnings of a VM in a window that are all looked at. */
const PLENTY = 8192;
/** An estimate is beyond a threshold when it is by two standard errors, 18%: not by chance, but for one in 40. */
const SURE = 1 - 2 * STANDARD_ERROR;

/**
 * Signals a VM that begins to speak to many addresses or ports, as a scan does, and one that many sources begin to speak
 * to and few go on.
 *
 * @example
 * ```ts
 * import spread from '@fairlead/detector-spread';
 * import { createInstance, observed, testVms } from '@fairlead/sdk/testing';
 *
 * const detector = createInstance(spread, { targets: 100 }, { vms: testVms([{}]) });
 * detector.observe(observed([new Uint8Array(60)], { direction: 'outbound' }));
 * console.log(detector.judge(1_000_000)); // []
 * ```
 */
export class Spread implements Detector {
  readonly #options: Static<typeof spreadOptions>;
  readonly #counts: Float64Array;
  readonly #registers: Uint8Array;
  readonly observe: Detector['observe'];

  constructor(@inject(Vms) vms: VmTable, @inject(Options) options: Static<typeof spreadOptions>) {
    this.#options = options;
    this.#counts = new Float64Array(vms.count * CELLS);
    this.#registers = new Uint8Array(vms.count * ROW);
    this.observe = createObserve({
      counts: this.#counts,
      registers: this.#registers,
      many: options.sources / 4,
      // By then both thresholds are passed for sure, if they are to be: what is not looked at only lowers an estimate.
      plenty: Math.max(PLENTY, 4 * Math.max(options.sources, options.targets)),
    });
  }

  judge(nowUs: number): readonly Signal[] {
    const counts = this.#counts;
    const signals: Signal[] = [];
    for (let vm = 0; vm < counts.length / CELLS; vm++) {
      const targets = counts[vm * CELLS + Column.targets];
      const begin = counts[vm * CELLS + Column.begin];
      if (targets + begin === 0) continue;
      // There are no more of either than frames: most VMs need no estimate.
      if (targets > this.#options.targets) this.#judgeTargets(vm, nowUs, signals);
      if (begin > this.#options.sources) this.#judgeSources(vm, nowUs, signals);
      this.#registers.fill(0, vm * ROW, (vm + 1) * ROW);
      counts.fill(0, vm * CELLS, (vm + 1) * CELLS);
    }
    return signals;
  }

  #judgeTargets(vm: number, nowUs: number, signals: Signal[]): void {
    const threshold = this.#options.targets;
    const targets = estimate(this.#registers, vm * ROW + Sketch.targets);
    if (targets * SURE <= threshold) return;
    const evidence = { direction: 'outbound', targets, threshold };
    signals.push({ kind: 'attack', vm, atUs: nowUs, confidence: targets / (targets + threshold), evidence });
  }

  #judgeSources(vm: number, nowUs: number, signals: Signal[]): void {
    const threshold = this.#options.sources;
    const sources = estimate(this.#registers, vm * ROW + Sketch.begin);
    const goOn = estimate(this.#registers, vm * ROW + Sketch.goOn);
    // Of a crowd nearly all go on, but for the first quarter, of which is not known who does.
    if (sources * SURE <= threshold || goOn * 2 > sources) return;
    const evidence = { direction: 'inbound', sources, goOn, threshold };
    signals.push({ kind: 'attack', vm, atUs: nowUs, confidence: sources / (sources + threshold), evidence });
  }

  exportState(): SpreadState {
    return { version: 1, counts: this.#counts, registers: this.#registers };
  }

  /** @throws TypeError when it is not the state of such a detector, of as many VMs. */
  importState(state: unknown, from: StateOrigin): undefined {
    if (!isSpreadState(state, this.#counts.length, this.#registers.length)) {
      throw new TypeError(`the state of ${from.name} is not one of sketches of as many VMs`);
    }
    this.#counts.set(state.counts);
    this.#registers.set(state.registers);
  }
}

/**
 * The plugin: `detectors: [{ use: spread }]`.
 *
 * @example
 * ```ts
 * import spread from '@fairlead/detector-spread';
 *
 * console.log(spread.kind, spread.name); // detector spread
 * ```
 */
export default definePlugin({
  kind: 'detector',
  name: 'spread',
  apiVersion: 1,
  options: spreadOptions,
  implementation: Spread,
  needs: ['headers'],
  module: import.meta.url,
});
