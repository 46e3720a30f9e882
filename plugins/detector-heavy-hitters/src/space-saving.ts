/*
 * The counters of a row:
 *
 *    address ×k          count ×k            error ×k
 *   ┌───┬───┬─ ─ ─┬───┐┌───┬───┬─ ─ ─┬───┐┌───┬───┬─ ─ ─┬───┐
 *   └───┴───┴─ ─ ─┴───┘└───┴───┴─ ─ ─┴───┘└───┴───┴─ ─ ─┴───┘
 */

/** Columns of k words that a row has. */
export const COLUMNS = 3;

/**
 * Counts an address: Space-Saving (Metwally, Agrawal, El Abbadi 2005, section 3.1). One that has no counter takes that
 * of the address with the lowest count, and its count, which is noted as error. No address that has more than one part
 * in k of the counts is missing.
 */
export function countAddress(counters: Int32Array, first: number, k: number, address: number): void {
  let lowest = first;
  for (let at = first; at < first + k; at++) {
    if (counters[at] === address) {
      counters[at + k]++;
      return;
    }
    if (counters[at + k] < counters[lowest + k]) lowest = at;
  }
  counters[lowest] = address;
  counters[lowest + 2 * k] = counters[lowest + k];
  counters[lowest + k]++;
}

/** The address that has been counted most often. */
export interface Hitter {
  readonly address: number;
  /** How often it was there at least. */
  readonly count: number;
}

/** The address of a row with the highest count that is sure. */
export function heaviest(counters: Int32Array, first: number, k: number): Hitter {
  let best = first;
  const sure = (at: number): number => counters[at + k] - counters[at + 2 * k];
  for (let at = first + 1; at < first + k; at++) if (sure(at) > sure(best)) best = at;
  return { address: counters[best], count: sure(best) };
}

/** `10.0.0.1` for 0x0a000001. */
export function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}
