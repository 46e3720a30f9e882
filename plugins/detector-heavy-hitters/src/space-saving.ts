/*
 * The counters of a row:
 *
 *    address ×k          count ×k            error ×k            wentOn ×k
 *   ┌───┬───┬─ ─ ─┬───┐┌───┬───┬─ ─ ─┬───┐┌───┬───┬─ ─ ─┬───┐┌───┬───┬─ ─ ─┬───┐
 *   └───┴───┴─ ─ ─┴───┘└───┴───┴─ ─ ─┴───┘└───┴───┴─ ─ ─┴───┘└───┴───┴─ ─ ─┴───┘
 */

/** Columns of k words that a row has. */
export const COLUMNS = 4;

/**
 * Counts an address: Space-Saving (Metwally, Agrawal, El Abbadi 2005, section 3.1). One that has no counter takes that
 * of the address with the lowest count, and its count, which is noted as error. No address that has more than one part
 * in k of the counts is missing. Of those that are sure, it notes as well how many went on with a TCP connection.
 *
 * @param wentOn 1 when this frame does, else 0
 */
export function countAddress(counters: Int32Array, first: number, k: number, address: number, wentOn: number): void {
  let lowest = first;
  for (let at = first; at < first + k; at++) {
    if (counters[at] === address) {
      counters[at + k]++;
      counters[at + 3 * k] += wentOn;
      return;
    }
    if (counters[at + k] < counters[lowest + k]) lowest = at;
  }
  counters[lowest] = address;
  counters[lowest + 2 * k] = counters[lowest + k];
  counters[lowest + k]++;
  counters[lowest + 3 * k] = wentOn;
}

/** The address with most of what is not answered. */
export interface Hitter {
  readonly address: number;
  /** How often it was there at least, without being answered. */
  readonly count: number;
}

/**
 * The address of a row with the highest count that is sure, less what the other direction's row answers: of frames that go
 * on with a connection so many for each that goes on the other way, to or from the same address.
 *
 * @param first where the row begins
 * @param other where that of the other direction begins
 * @param answerRatio frames that one of the other direction may answer
 */
export function heaviest(counters: Int32Array, first: number, other: number, k: number, answerRatio: number): Hitter {
  let best = 0;
  let address = 0;
  for (let at = first; at < first + k; at++) {
    const answered = answerRatio * wentOnWith(counters, other, k, counters[at]);
    const count = counters[at + k] - counters[at + 2 * k] - Math.min(counters[at + 3 * k], answered);
    if (count <= best) continue;
    best = count;
    address = counters[at];
  }
  return { address, count: best };
}

function wentOnWith(counters: Int32Array, first: number, k: number, address: number): number {
  for (let at = first; at < first + k; at++) if (counters[at] === address) return counters[at + 3 * k];
  return 0;
}

/** `10.0.0.1` for 0x0a000001. */
export function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}
