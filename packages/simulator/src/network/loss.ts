import type { Random } from '@fairlead/sdk';

/** Loss in bursts, and apart from them. */
export interface LossSettings {
  /** Probability that a frame is lost by itself, 0 to 1. */
  readonly lossRate: number;
  /** Share of all frames that is lost in bursts, 0 to below 1; and frames in a burst on average. */
  readonly burstLossRate: number;
  readonly burstLossFrames: number;
}

/**
 * Loses frames at random: each by itself with a probability, and in bursts (Gilbert 1960: a good state that loses nothing
 * and a bad one that loses everything; the time in each is geometric).
 */
export class Loss {
  readonly #random: Random;
  #rate = 0;
  #toBad = 0;
  #toGood = 1;
  #bad = false;

  constructor(random: Random, settings: LossSettings) {
    this.#random = random;
    this.set(settings);
  }

  set({ lossRate, burstLossRate, burstLossFrames }: LossSettings): void {
    this.#rate = lossRate;
    this.#toGood = 1 / Math.max(1, burstLossFrames);
    this.#toBad = (burstLossRate * this.#toGood) / (1 - burstLossRate);
    if (burstLossRate === 0) this.#bad = false;
  }

  /** Whether the next frame is lost. */
  isLost(): boolean {
    if (this.#toBad > 0) {
      this.#bad = this.#random.next() < (this.#bad ? 1 - this.#toGood : this.#toBad);
      if (this.#bad) return true;
    }
    return this.#rate > 0 && this.#random.next() < this.#rate;
  }
}
