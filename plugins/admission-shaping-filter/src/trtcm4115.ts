import { Colour, type ColourMeter, type MeterTerms } from './colour.ts';
import type { StateColumn } from './state-columns.ts';
import { TokenBuckets } from './token-buckets.ts';

/**
 * Two rate three colour marker with in-profile traffic kept apart, RFC 4115 figure 1. The buckets know nothing of each
 * other: a frame takes from C, or else from E, never from both, so that no run of yellow frames makes a frame within
 * CIR red:
 *
 *     CIR ──► C (CBS)   green
 *     EIR ──► E (EBS)   yellow
 *
 * A frame that takes exactly what is left conforms, as in the figure; the prose beside it asks for strictly more.
 */
export class ExcessRateMeter implements ColourMeter {
  /** Tc and Te of RFC 4115. */
  readonly committed: TokenBuckets;
  readonly excess: TokenBuckets;
  readonly columns: readonly StateColumn[];
  readonly #terms: MeterTerms;

  constructor(terms: MeterTerms, clockNs: Float64Array) {
    this.committed = new TokenBuckets(terms.cirBps, terms.cbsBytes, clockNs);
    this.excess = new TokenBuckets(terms.eirBps, terms.ebsBytes, clockNs);
    this.#terms = terms;
    this.columns = [...this.committed.columns(0), ...this.excess.columns(0)];
  }

  refill(row: number): void {
    this.committed.refill(row);
    this.excess.refill(row);
  }

  colour(row: number, bytes: number, precolour: Colour): Colour {
    if (precolour === Colour.Green && bytes <= this.committed.tokens[row]) return Colour.Green;
    if (precolour !== Colour.Red && bytes <= this.excess.tokens[row]) return Colour.Yellow;
    return Colour.Red;
  }

  charge(row: number, bytes: number, colour: Colour): void {
    if (colour === Colour.Green) this.committed.tokens[row] -= bytes;
    else if (colour === Colour.Yellow) this.excess.tokens[row] -= bytes;
  }

  fits(row: number, bytes: number, worst: Colour): boolean {
    return bytes <= this.#terms.cbsBytes[row] || (worst !== Colour.Green && bytes <= this.#terms.ebsBytes[row]);
  }

  waitNs(row: number, bytes: number, worst: Colour): number {
    let waitNs = Number.POSITIVE_INFINITY;
    if (bytes <= this.#terms.cbsBytes[row]) waitNs = this.committed.waitNs(row, bytes);
    if (worst === Colour.Green || bytes > this.#terms.ebsBytes[row]) return waitNs;
    return Math.min(waitNs, this.excess.waitNs(row, bytes));
  }
}
