/* Constants of RFC 9406 §4.3, in microseconds and samples. */
const LEAST_THRESHOLD_US = 4_000;
const MOST_THRESHOLD_US = 16_000;
const THRESHOLD_DIVISOR = 8;
const SAMPLES = 8;
const CONSERVATIVE_GROWTH = 4;
const CONSERVATIVE_ROUNDS = 5;

/**
 * Ends slow start before it loses a window of segments (HyStart++, RFC 9406): when the round-trip time grows, the window
 * grows more slowly for five rounds, and then slow start is over, unless the time has come down again meanwhile.
 */
export class HyStart {
  #roundEnd = 0;
  #samples = 0;
  #lastLeastUs = Number.POSITIVE_INFINITY;
  #leastUs = Number.POSITIVE_INFINITY;
  #conservativeRounds = 0;
  /** Shortest round-trip time when the conservative phase began; Infinity outside it. */
  #baselineUs = Number.POSITIVE_INFINITY;

  /** Segments that the window may grow by for each that is acknowledged: 1 or a quarter; 0 when slow start is over. */
  growth = 1;

  /** An acknowledgement of new segments in slow start: everything below `una` has arrived, `next` was not sent yet. */
  acked(una: number, next: number, rttUs: number): void {
    if (una > this.#roundEnd) this.#beginRound(next);
    if (rttUs < this.#leastUs) this.#leastUs = rttUs;
    this.#samples++;
    if (this.#samples < SAMPLES || this.growth === 0) return;
    if (this.growth < 1) {
      if (this.#leastUs >= this.#baselineUs) return;
      this.growth = 1;
      this.#baselineUs = Number.POSITIVE_INFINITY;
    } else if (this.#lastLeastUs !== Number.POSITIVE_INFINITY) {
      const eighth = this.#lastLeastUs / THRESHOLD_DIVISOR;
      const thresholdUs = Math.min(MOST_THRESHOLD_US, Math.max(LEAST_THRESHOLD_US, eighth));
      if (this.#leastUs < this.#lastLeastUs + thresholdUs) return;
      this.#baselineUs = this.#leastUs;
      this.#conservativeRounds = 0;
      this.growth = 1 / CONSERVATIVE_GROWTH;
    }
  }

  #beginRound(next: number): void {
    this.#roundEnd = next;
    this.#lastLeastUs = this.#leastUs;
    this.#leastUs = Number.POSITIVE_INFINITY;
    this.#samples = 0;
    if (this.growth < 1 && ++this.#conservativeRounds >= CONSERVATIVE_ROUNDS) this.growth = 0;
  }
}
