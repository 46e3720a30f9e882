import { MAX_NICS } from '@fairlead/sdk';

/** Classes of priority: 0 to 255, as a configuration has them. */
export const CLASSES = 256;
const NOBODY = -1;

/** The class of a priority. */
export function classOf(priority: number): number {
  return priority > 0 ? Math.min(priority, CLASSES - 1) : 0;
}

/**
 * Which classes have something waiting, from the sweep before and from this one so far, by place: 0 for VMs whose
 * frames go anywhere, 1 + n for those of NIC n. What a sweep did not see is forgotten at the next: a VM that was
 * suspended holds back the lower classes for one sweep.
 */
export class Precedence {
  readonly #refused = new Int16Array(1 + MAX_NICS).fill(NOBODY);
  readonly #refusedBefore = new Int16Array(1 + MAX_NICS).fill(NOBODY);
  readonly #left = new Int16Array(1 + MAX_NICS).fill(NOBODY);
  readonly #leftBefore = new Int16Array(1 + MAX_NICS).fill(NOBODY);

  sweep(): void {
    for (let place = 0; place <= MAX_NICS; place++) {
      this.#refusedBefore[place] = this.#refused[place];
      this.#refused[place] = NOBODY;
      this.#leftBefore[place] = this.#left[place];
      this.#left[place] = NOBODY;
    }
  }

  /** A VM of the class was refused what it could have sent but for others. */
  refuse(rank: number, place: number): void {
    if (rank > this.#refused[place]) this.#refused[place] = rank;
  }

  /** A VM of the class was given all that was offered, and has more behind it. */
  leave(rank: number, place: number): void {
    if (rank > this.#left[place]) this.#left[place] = rank;
  }

  /** True when a higher class has been refused something: this one has to wait until it no longer is. */
  isBarred(rank: number, place: number): boolean {
    return (
      rank < this.#refused[place] ||
      rank < this.#refusedBefore[place] ||
      rank < this.#refused[0] ||
      rank < this.#refusedBefore[0]
    );
  }

  /** True when a higher class goes at its own pace: this one may have what room is to spare. */
  isBehind(rank: number, place: number): boolean {
    return (
      rank < this.#left[place] || rank < this.#leftBefore[place] || rank < this.#left[0] || rank < this.#leftBefore[0]
    );
  }
}
