import { MAX_NICS } from '@fairlead/sdk';

/** Classes of priority: 0 to 255, as a configuration has them. */
export const CLASSES = 256;
const NOBODY = -1;

/** The class of a priority. */
export function classOf(priority: number): number {
  return priority > 0 ? Math.min(priority, CLASSES - 1) : 0;
}

/**
 * The highest class that has something waiting, from the sweep before and from this one so far, by place: 0 for VMs
 * whose frames go anywhere, 1 + n for those of NIC n. What a sweep did not see is forgotten at the next: a VM that was
 * suspended holds back the lower classes for one sweep.
 */
export class Precedence {
  readonly #waiting = new Int16Array(1 + MAX_NICS).fill(NOBODY);
  readonly #waitingBefore = new Int16Array(1 + MAX_NICS).fill(NOBODY);

  sweep(): void {
    for (let place = 0; place <= MAX_NICS; place++) {
      this.#waitingBefore[place] = this.#waiting[place];
      this.#waiting[place] = NOBODY;
    }
  }

  /** A VM of the class has frames left that its limit allows. */
  leave(rank: number, place: number): void {
    if (rank > this.#waiting[place]) this.#waiting[place] = rank;
  }

  /** True when a higher class has something waiting that may go over the same NIC. */
  isOutranked(rank: number, place: number): boolean {
    return (
      rank < this.#waiting[place] ||
      rank < this.#waitingBefore[place] ||
      rank < this.#waiting[0] ||
      rank < this.#waitingBefore[0]
    );
  }
}
