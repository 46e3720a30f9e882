import { Arena, createArena, Observer } from '@fairlead/core/stages';
import { type Shown, TICKS } from './vm-traffic.ts';

const WINDOW_US = 1e6;

/** What a worker that is busy shows of each window: a slice of a quarter of a second, drawn by the host's own code. */
export class BusyWorker {
  readonly #observer: Observer;
  #nowUs = 0;

  constructor(seed: number) {
    const shape = { vms: 1, nics: 1, workers: 1, poolFrames: 256, slotBytes: 2048, txRingFrames: 8, rxRingFrames: 8 };
    const arena = new Arena(createArena({ ...shape, nicRingFrames: 64 }, { nics: ['nic0'], vms: ['vm0'] }), 0);
    const sampling = { every: 0, seed, probe: { nowNs: () => 0, heapBytes: () => 0 } };
    const observe = { everyFrameBelowFps: 0, oneSliceIn: 4, sliceMs: 250 };
    const nobody = { observe: () => undefined, judge: () => [] };
    const seat = { number: 0, name: 'nobody', instance: nobody, needsHeaders: false, windowUs: WINDOW_US };
    const report = { judged: () => undefined, detectorFailed: () => undefined };
    const plan = { arena, worker: 0, sampling, nowUs: 0, observe };
    this.#observer = new Observer(plan, [{ ...seat, budget: { controlMs: 1000 } }], report);
  }

  /** How the frames of each tick of the next window are shown; undefined where they are not. */
  window(): (Shown | undefined)[] {
    const { slices, run } = this.#observer;
    return Array.from({ length: TICKS }, () => {
      this.#observer.advance(this.#nowUs);
      const { nowUs, weight, sinceUs, untilUs } = run;
      this.#nowUs += WINDOW_US / TICKS;
      slices.passed++;
      return slices.on ? { nowUs, weight, sinceUs, untilUs } : undefined;
    });
  }
}
