import type { StateColumn } from './state-columns.ts';

/** Colour that a meter gives a frame, in order of what the frame is worth. */
export const Colour = { Green: 0, Yellow: 1, Red: 2 } as const;
export type Colour = (typeof Colour)[keyof typeof Colour];

/**
 * Parameters of the meters under their names in the RFCs, a row for each VM: rates in whole bit/s, sizes in whole
 * bytes. Each meter reads those it knows; the caller may write to them before any refill.
 */
export interface MeterTerms {
  readonly cirBps: Float64Array;
  readonly cbsBytes: Int32Array;
  readonly ebsBytes: Int32Array;
  /** `Infinity`: none. */
  readonly pirBps: Float64Array;
  readonly pbsBytes: Int32Array;
  readonly eirBps: Float64Array;
}

export function meterTerms(rows: number): MeterTerms {
  return {
    cirBps: new Float64Array(rows),
    cbsBytes: new Int32Array(rows),
    ebsBytes: new Int32Array(rows),
    pirBps: new Float64Array(rows),
    pbsBytes: new Int32Array(rows),
    eirBps: new Float64Array(rows),
  };
}

/**
 * A meter with a row of state for each VM, made of its terms and of a clock (whole nanoseconds, the only entry of an
 * array). To look at a frame and to charge for it are two steps, since a frame that is left waiting must not be charged
 * for.
 *
 * Colour-blind use gives every frame the precolour `Green`; colour-aware use gives the colour it came with.
 *
 * Used so:
 *
 * ```ts
 * const meter = new SingleRateMeter(terms, clockNs);
 * meter.refill(vm);
 * const colour = meter.colour(vm, bytes, Colour.Green);
 * meter.charge(vm, bytes, colour);
 * ```
 */
export interface ColourMeter {
  /** All that it remembers. */
  readonly columns: readonly StateColumn[];
  /** Brings the row up to the time on the clock. */
  refill(row: number): void;
  /** The colour of a frame of `bytes` that would go now. Changes nothing. */
  colour(row: number, bytes: number, precolour: Colour): Colour;
  /** Takes the tokens that a frame of this colour costs. */
  charge(row: number, bytes: number, colour: Colour): void;
  /** Whether a green frame of `bytes` can ever get this colour or a better one. */
  fits(row: number, bytes: number, worst: Colour): boolean;
  /** Nanoseconds until a green frame of `bytes` would get this colour or a better one; `Infinity` at rate 0. */
  waitNs(row: number, bytes: number, worst: Colour): number;
}
