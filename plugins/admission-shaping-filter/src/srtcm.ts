import { Colour, type ColourMeter, type MeterTerms } from './colour.ts';
import { Earnings, MORE_THAN_FULL_BYTES } from './earnings.ts';
import type { StateColumn } from './state-columns.ts';

/**
 * Single rate three colour marker, RFC 2697. One stream of tokens at CIR fills bucket C and, only while that is full,
 * bucket E:
 *
 *     CIR ──► C (CBS) ──overflow──► E (EBS) ──overflow──► lost
 *             green                 yellow
 *
 * The stream has one remainder for both buckets: it is the same token that is due, whichever bucket takes it.
 */
export class SingleRateMeter implements ColourMeter {
  /** Tc and Te of RFC 2697 §3, in whole bytes. Both start full. */
  readonly committed: Int32Array;
  readonly excess: Int32Array;
  readonly columns: readonly StateColumn[];
  readonly #terms: MeterTerms;
  readonly #earnings: Earnings;

  constructor(terms: MeterTerms, clockNs: Float64Array) {
    this.committed = new Int32Array(terms.cirBps.length).fill(MORE_THAN_FULL_BYTES);
    this.excess = new Int32Array(terms.cirBps.length).fill(MORE_THAN_FULL_BYTES);
    this.#terms = terms;
    this.#earnings = new Earnings(terms.cirBps, clockNs);
    const whole = { least: 0, most: MORE_THAN_FULL_BYTES };
    this.columns = [{ values: this.committed, ...whole }, { values: this.excess, ...whole }, ...this.#earnings.columns];
  }

  refill(row: number): void {
    const cbsBytes = this.#terms.cbsBytes[row];
    const ebsBytes = this.#terms.ebsBytes[row];
    const committed = this.committed[row] + this.#earnings.earn(row);
    if (committed < cbsBytes) {
      this.committed[row] = committed;
      return;
    }
    this.committed[row] = cbsBytes;
    const excess = this.excess[row] + (committed - cbsBytes);
    this.excess[row] = Math.min(excess, ebsBytes);
    if (excess >= ebsBytes) this.#earnings.forfeit(row);
  }

  /** RFC 2697 §3: colour-blind mode is the colour-aware one with every frame green. */
  colour(row: number, bytes: number, precolour: Colour): Colour {
    if (precolour === Colour.Green && bytes <= this.committed[row]) return Colour.Green;
    if (precolour !== Colour.Red && bytes <= this.excess[row]) return Colour.Yellow;
    return Colour.Red;
  }

  charge(row: number, bytes: number, colour: Colour): void {
    if (colour === Colour.Green) this.committed[row] -= bytes;
    else if (colour === Colour.Yellow) this.excess[row] -= bytes;
  }

  fits(row: number, bytes: number, worst: Colour): boolean {
    return bytes <= this.#terms.cbsBytes[row] || (worst !== Colour.Green && bytes <= this.#terms.ebsBytes[row]);
  }

  waitNs(row: number, bytes: number, worst: Colour): number {
    if (worst !== Colour.Green && bytes <= this.excess[row]) return 0;
    const cbsBytes = this.#terms.cbsBytes[row];
    // C fills before E does: a frame that fits C is green before it could be yellow.
    const missing = Math.min(bytes, cbsBytes) - this.committed[row];
    return this.#earnings.waitNs(row, bytes <= cbsBytes ? missing : missing + bytes - this.excess[row]);
  }
}
