import { Colour, type ColourMeter, type MeterTerms } from './colour.ts';
import type { StateColumn } from './state-columns.ts';
import { TokenBuckets } from './token-buckets.ts';

/**
 * Two rate three colour marker, RFC 2698. Both buckets fill at all times; a green frame takes from both, a yellow one
 * from P alone:
 *
 *     PIR ──► P (PBS)   short of it: red
 *     CIR ──► C (CBS)   short of it: yellow
 *
 * A run of yellow frames can so empty P and make frames red that are within CIR; `ExcessRateMeter` does not do so.
 */
export class TwoRateMeter implements ColourMeter {
  /** Tc and Tp of RFC 2698 §3. */
  readonly committed: TokenBuckets;
  readonly peak: TokenBuckets;
  readonly columns: readonly StateColumn[];
  readonly #terms: MeterTerms;

  constructor(terms: MeterTerms, clockNs: Float64Array) {
    this.committed = new TokenBuckets(terms.cirBps, terms.cbsBytes, clockNs);
    this.peak = new TokenBuckets(terms.pirBps, terms.pbsBytes, clockNs);
    this.#terms = terms;
    this.columns = [...this.committed.columns(0), ...this.peak.columns(0)];
  }

  refill(row: number): void {
    this.committed.refill(row);
    this.peak.refill(row);
  }

  /** RFC 2698 §3: P is looked at first. */
  colour(row: number, bytes: number, precolour: Colour): Colour {
    if (precolour === Colour.Red || bytes > this.peak.tokens[row]) return Colour.Red;
    if (precolour === Colour.Yellow || bytes > this.committed.tokens[row]) return Colour.Yellow;
    return Colour.Green;
  }

  charge(row: number, bytes: number, colour: Colour): void {
    if (colour === Colour.Red) return;
    this.peak.tokens[row] -= bytes;
    if (colour === Colour.Green) this.committed.tokens[row] -= bytes;
  }

  fits(row: number, bytes: number, worst: Colour): boolean {
    const terms = this.#terms;
    if (terms.pirBps[row] !== Number.POSITIVE_INFINITY && bytes > terms.pbsBytes[row]) return false;
    return worst !== Colour.Green || bytes <= terms.cbsBytes[row];
  }

  waitNs(row: number, bytes: number, worst: Colour): number {
    const peakNs = this.peak.waitNs(row, bytes);
    return worst === Colour.Green ? Math.max(peakNs, this.committed.waitNs(row, bytes)) : peakNs;
  }
}
