const FIRST_RTO_US = 1e6;
const MOST_RTO_US = 60e6;
const ALPHA = 1 / 8;
const BETA = 1 / 4;

/** Estimates the round-trip time and from it the retransmission timeout (RFC 6298 §2). Times in microseconds. */
export class RttEstimator {
  readonly #leastRtoUs: number;
  #rtoUs: number;
  #variationUs = 0;
  /** Smoothed round-trip time; 0 before the first sample. */
  smoothedUs = 0;

  /** @param leastRtoUs RFC 6298 §2.4 asks for 1 s; operating systems use less, Linux 200 ms. */
  constructor(leastRtoUs: number) {
    this.#leastRtoUs = leastRtoUs;
    this.#rtoUs = Math.max(FIRST_RTO_US, leastRtoUs);
  }

  get rtoUs(): number {
    return this.#rtoUs;
  }

  sample(rttUs: number): void {
    if (this.smoothedUs === 0) {
      this.smoothedUs = rttUs;
      this.#variationUs = rttUs / 2;
    } else {
      this.#variationUs += BETA * (Math.abs(this.smoothedUs - rttUs) - this.#variationUs);
      this.smoothedUs += ALPHA * (rttUs - this.smoothedUs);
    }
    const rtoUs = this.smoothedUs + 4 * this.#variationUs;
    this.#rtoUs = Math.min(MOST_RTO_US, Math.max(this.#leastRtoUs, rtoUs));
  }

  /** The timer expired: the next one waits twice as long (§5.5). */
  backOff(): void {
    this.#rtoUs = Math.min(MOST_RTO_US, this.#rtoUs * 2);
  }
}
