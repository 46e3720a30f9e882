import { type Rates, ratesBetween } from './rates.ts';
import type { Sample } from './sample.ts';

/** Samples of the last second or so, from which rates are taken that do not jump from one look to the next. */
export class History {
  readonly #samples: Sample[] = [];
  readonly #spanUs: number;

  constructor(spanUs: number) {
    this.#spanUs = spanUs;
  }

  /** Adds a sample and returns the rates over the span that ends with it. */
  add(sample: Sample): Rates {
    this.#samples.push(sample);
    // Keep one sample that is as old as the span, or older.
    while (this.#samples.length > 2 && (this.#samples[1] as Sample).atUs <= sample.atUs - this.#spanUs)
      this.#samples.shift();
    return ratesBetween(this.#samples[0] as Sample, sample);
  }
}
