/** How a TCP sender's congestion window grows and shrinks. Windows in segments. */
export interface CongestionControl {
  window: number;
  /** Slow start below it, congestion avoidance above. */
  threshold: number;
  /** Segments were acknowledged while the window was what held the sender back, and nothing is being recovered. */
  acked(segments: number, nowUs: number, rttUs: number): void;
  /** A loss was seen: the beginning of a fast recovery. */
  lost(flight: number, nowUs: number): void;
  /** The retransmission timer expired. `again`: for the same segment as the time before. */
  timedOut(flight: number, again: boolean, nowUs: number): void;
}

/** RFC 6928 §2. */
const INITIAL_WINDOW = 10;
const LEAST_WINDOW = 2;
/** Window after a timeout, RFC 5681 §3.1. */
const LOSS_WINDOW = 1;

/** Additive increase, multiplicative decrease: RFC 5681 §3.1. */
export class Reno implements CongestionControl {
  window = INITIAL_WINDOW;
  threshold = Number.POSITIVE_INFINITY;

  acked(segments: number): void {
    if (this.window < this.threshold) this.window += segments;
    else this.window += segments / this.window;
  }

  lost(flight: number): void {
    this.threshold = Math.max(flight / 2, LEAST_WINDOW);
    this.window = this.threshold;
  }

  timedOut(flight: number, again: boolean): void {
    if (!again) this.threshold = Math.max(flight / 2, LEAST_WINDOW);
    this.window = LOSS_WINDOW;
  }
}

/* Constants of RFC 9438 §4.1 and §4.6; C in segments per second cubed. */
const C = 0.4;
const BETA = 0.7;
const FRIENDLY_GAIN = (3 * (1 - BETA)) / (1 + BETA);

/** CUBIC, RFC 9438: the window as a cubic function of the time since the last loss. */
export class Cubic implements CongestionControl {
  window = INITIAL_WINDOW;
  threshold = Number.POSITIVE_INFINITY;
  /** The window that the curve grows back to (W_max). */
  #highest = 0;
  /** Window just before the last reduction (cwnd_prior). */
  #prior = 0;
  /** When congestion avoidance began; negative before. */
  #epochUs = -1;
  #windowAtEpoch = 0;
  /** Time from the beginning of the epoch at which the curve reaches `#highest`, in seconds (K). */
  #plateauSeconds = 0;
  /** What Reno would have by now (W_est, §4.3). */
  #friendly = 0;

  acked(segments: number, nowUs: number, rttUs: number): void {
    if (this.window < this.threshold) {
      this.window += segments;
      return;
    }
    if (this.#epochUs < 0) this.#beginEpoch(nowUs);
    const seconds = (nowUs - this.#epochUs + rttUs) / 1e6;
    const cubic = C * (seconds - this.#plateauSeconds) ** 3 + this.#highest;
    const gain = this.#friendly >= this.#prior ? 1 : FRIENDLY_GAIN;
    this.#friendly += (gain * segments) / this.window;
    const target = Math.min(Math.max(cubic, this.window), 1.5 * this.window);
    this.window += ((target - this.window) * segments) / this.window;
    if (this.window < this.#friendly) this.window = this.#friendly;
  }

  #beginEpoch(nowUs: number): void {
    this.#epochUs = nowUs;
    this.#windowAtEpoch = this.window;
    this.#friendly = this.window;
    if (this.#highest < this.window) this.#highest = this.window;
    this.#plateauSeconds = Math.cbrt((this.#highest - this.#windowAtEpoch) / C);
  }

  lost(flight: number): void {
    this.#reduce(flight);
    this.window = this.threshold;
  }

  timedOut(flight: number, again: boolean): void {
    if (!again) this.#reduce(flight);
    this.window = LOSS_WINDOW;
  }

  #reduce(flight: number): void {
    // Fast convergence (§4.7): a flow that did not get back to where it was leaves room for others.
    this.#prior = this.window;
    this.#highest = this.window < this.#highest ? (this.window * (1 + BETA)) / 2 : this.window;
    // In flight, not the window: the two differ when the sender had less to send (§4.6).
    this.threshold = Math.max(Math.min(flight, this.window) * BETA, LEAST_WINDOW);
    this.#epochUs = -1;
  }
}
