import type { ObserveConfig } from '../observe-config.ts';
import { SeededRandom } from '../random.ts';

/** Of a loop whose detectors see every frame. */
const ALL: ObserveConfig = { everyFrameBelowFps: Number.POSITIVE_INFINITY, oneSliceIn: 1, sliceMs: 250 };

/**
 * Which slices of time a forwarding loop shows to its detectors. Time goes by in rounds of so many slices. In the round
 * after one with few frames every frame is shown; after one with many those of a single slice, which is drawn. Each
 * moment is as likely to be in it as any other, and so each frame that is shown stands for as many as there are slices:
 *
 * ```
 *   round ─────────────────── round ─────────────────── round ───────────────────
 *  │      │██████│      │      │      │      │██████│      │██████│      │      │      │
 * ```
 *
 * Rounds fill the shortest window without a rest, so that no window has a slice more than another.
 */
export class Slices {
  /** The frames that pass now are shown. */
  on = true;
  /** Frames that each frame shown stands for. */
  weight = 1;
  /** Frames that have passed in this round, shown or not: counted by who sees them pass. */
  passed = 0;
  /** From when on the frames have been shown without a gap. */
  sinceUs: number;
  /** When that ends; infinity while every frame is shown. */
  untilUs = Number.POSITIVE_INFINITY;
  /** When to turn next. */
  endsUs: number;
  readonly #mostFps: number;
  readonly #slices: number;
  readonly #sliceUs: number;
  readonly #random: SeededRandom;
  #roundUs: number;
  #drawn = 0;

  constructor(observe: ObserveConfig = ALL, windowUs: number, seed: number, nowUs: number) {
    const { everyFrameBelowFps, oneSliceIn, sliceMs } = observe;
    const rounds = Math.ceil(windowUs / (sliceMs * 1000 * oneSliceIn));
    this.#mostFps = oneSliceIn === 1 ? Number.POSITIVE_INFINITY : everyFrameBelowFps;
    this.#slices = oneSliceIn;
    this.#sliceUs = windowUs / (rounds * oneSliceIn);
    this.#random = new SeededRandom(seed, 'slices');
    this.#roundUs = nowUs;
    this.sinceUs = nowUs;
    this.endsUs = nowUs + oneSliceIn * this.#sliceUs;
  }

  /** Goes on to the slice that a time is in, which is not before the end of this one. */
  turn(nowUs: number): void {
    const wholeUs = this.#slices * this.#sliceUs;
    const pastUs = nowUs - this.#roundUs;
    if (pastUs >= wholeUs) {
      const isBusy = this.passed * 1e6 > this.#mostFps * pastUs;
      this.passed = 0;
      this.#roundUs += wholeUs * Math.floor(pastUs / wholeUs);
      if (!isBusy) {
        if (this.weight !== 1 || !this.on) this.sinceUs = this.#roundUs;
        this.#show(true, 1, this.sinceUs, Number.POSITIVE_INFINITY, this.#roundUs + wholeUs);
        return;
      }
      this.#drawn = Math.floor(this.#random.next() * this.#slices);
    }
    const fromUs = this.#roundUs + this.#drawn * this.#sliceUs;
    const toUs = fromUs + this.#sliceUs;
    if (nowUs < fromUs) this.#show(false, this.#slices, fromUs, toUs, fromUs);
    else if (nowUs < toUs) this.#show(true, this.#slices, fromUs, toUs, toUs);
    else this.#show(false, this.#slices, fromUs, toUs, this.#roundUs + wholeUs);
  }

  #show(on: boolean, weight: number, sinceUs: number, untilUs: number, endsUs: number): void {
    this.on = on;
    this.weight = weight;
    this.sinceUs = sinceUs;
    this.untilUs = untilUs;
    this.endsUs = endsUs;
  }
}
