import type { Random } from '@fairlead/sdk';
import type { TrafficOptions } from './traffic-options.ts';

/** When the guest's next frames come about. */
export class Arrivals {
  readonly gapUs: number;
  #nextUs = Number.NaN;
  /** End of the on time of the on-off pattern; never for the others. */
  #onEndUs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly options: TrafficOptions,
    private readonly random: Random,
  ) {
    this.gapUs = (options.frameBytes * 8e6) / options.rateBps;
  }

  /** When the next frame is due, in microseconds. */
  get nextUs(): number {
    return this.#nextUs;
  }

  /** Begins anew: what would have been due until now is not. */
  begin(nowUs: number): void {
    this.#nextUs = nowUs;
    if (this.options.pattern === 'on-off') this.#onEndUs = nowUs + this.options.onUs;
    if (this.options.pattern === 'poisson') this.next();
  }

  /** Goes on to the frame after the next one. */
  next(): void {
    if (this.options.pattern === 'poisson') {
      this.#nextUs -= Math.log(1 - this.random.next()) * this.gapUs;
      return;
    }
    this.#nextUs += this.gapUs;
    if (this.#nextUs >= this.#onEndUs) {
      this.#nextUs = Math.max(this.#nextUs, this.#onEndUs + this.options.offUs);
      this.#onEndUs = this.#nextUs + this.options.onUs;
    }
  }
}
