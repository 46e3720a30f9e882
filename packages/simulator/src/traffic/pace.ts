import type { Random } from '@fairlead/sdk';

/** When the frames of a source are due. */
export interface Pace {
  /** When the next frame is due, in microseconds. */
  readonly nextUs: number;
  /** Begins anew: the first frame is due now. */
  begin(nowUs: number): void;
  /** The frame that was due has had its turn. */
  advance(): void;
  /** Changes the rate, in bit/s: of bursts, by how often they come. */
  setRate(rateBps: number): void;
}

/** One frame after the other at a rate: evenly, or at random (exponential gaps: a Poisson process). */
export class SteadyPace implements Pace {
  nextUs = Number.POSITIVE_INFINITY;
  readonly #bits: number;
  readonly #random: Random | undefined;
  #gapUs: number;

  constructor(frameBytes: number, rateBps: number, random: Random | undefined) {
    this.#bits = frameBytes * 8;
    this.#random = random;
    this.#gapUs = (this.#bits * 1e6) / rateBps;
  }

  begin(nowUs: number): void {
    this.nextUs = nowUs;
    // A Poisson process has no frame at its beginning; many that begin at once do not send at once.
    if (this.#random !== undefined) this.advance();
  }

  advance(): void {
    this.nextUs += this.#random === undefined ? this.#gapUs : exponential(this.#random, this.#gapUs);
  }

  setRate(rateBps: number): void {
    this.#gapUs = (this.#bits * 1e6) / rateBps;
  }
}

/**
 * So many a second, evenly or at random, of which a rise leads up: the gaps are as if the rate had grown from nothing to
 * the full one in that time.
 */
export class CrowdPace implements Pace {
  nextUs = Number.POSITIVE_INFINITY;
  readonly #random: Random | undefined;
  readonly #riseUs: number;
  readonly #phaseUs: number;
  #perSecond: number;
  #begunUs = 0;

  /** @param phaseUs how much later than it begins the first is due. */
  constructor(perSecond: number, random: Random | undefined, riseUs = 0, phaseUs = 0) {
    this.#perSecond = perSecond;
    this.#random = random;
    this.#riseUs = riseUs;
    this.#phaseUs = phaseUs;
  }

  begin(nowUs: number): void {
    this.#begunUs = nowUs;
    this.nextUs = nowUs + this.#phaseUs;
  }

  advance(): void {
    const gapUs = 1e6 / this.#perSecond;
    const units = this.#random === undefined ? 1 : exponential(this.#random, 1);
    const sinceUs = this.nextUs - this.#begunUs;
    // While it rises, the integral of the rate is t^2 / 2 rise: where that has grown by so many gaps, the next is due.
    const risenUs = Math.sqrt(sinceUs ** 2 + 2 * this.#riseUs * gapUs * units);
    this.nextUs =
      sinceUs < this.#riseUs ? this.#begunUs + Math.min(risenUs, this.#riseUs + gapUs) : this.nextUs + gapUs * units;
  }

  setRate(perSecond: number): void {
    this.#perSecond = perSecond;
  }
}

/** A rate that is on and off by turns, for fixed times or for exponentially distributed ones. */
export class OnOffPace implements Pace {
  readonly #steady: SteadyPace;
  readonly #onUs: number;
  readonly #offUs: number;
  readonly #random: Random | undefined;
  #endUs = 0;
  #nextUs = Number.POSITIVE_INFINITY;

  constructor(frameBytes: number, rateBps: number, onUs: number, offUs: number, random: Random | undefined) {
    this.#steady = new SteadyPace(frameBytes, rateBps, undefined);
    this.#onUs = onUs;
    this.#offUs = offUs;
    this.#random = random;
  }

  get nextUs(): number {
    return this.#nextUs;
  }

  begin(nowUs: number): void {
    this.#turnOn(nowUs);
  }

  #turnOn(atUs: number): void {
    this.#steady.begin(atUs);
    this.#nextUs = atUs;
    this.#endUs = atUs + this.#lasting(this.#onUs);
  }

  #lasting(meanUs: number): number {
    return this.#random === undefined ? meanUs : exponential(this.#random, meanUs);
  }

  advance(): void {
    this.#steady.advance();
    this.#nextUs = this.#steady.nextUs;
    if (this.#nextUs >= this.#endUs) this.#turnOn(this.#endUs + this.#lasting(this.#offUs));
  }

  setRate(rateBps: number): void {
    this.#steady.setRate(rateBps);
  }
}

/** So many frames at once, again and again. */
export class BurstPace implements Pace {
  nextUs = Number.POSITIVE_INFINITY;
  readonly #frames: number;
  readonly #bits: number;
  #everyUs: number;
  #left = 0;

  constructor(frameBytes: number, frames: number, everyUs: number) {
    this.#frames = frames;
    this.#bits = frameBytes * frames * 8;
    this.#everyUs = everyUs;
  }

  begin(nowUs: number): void {
    this.nextUs = nowUs;
    this.#left = this.#frames;
  }

  advance(): void {
    if (--this.#left > 0) return;
    this.#left = this.#frames;
    this.nextUs += this.#everyUs;
  }

  setRate(rateBps: number): void {
    this.#everyUs = (this.#bits * 1e6) / rateBps;
  }
}

function exponential(random: Random, mean: number): number {
  return -Math.log(1 - random.next()) * mean;
}
