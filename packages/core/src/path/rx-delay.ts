import type { RingGroup } from '../memory/ring-group.ts';

/**
 * Frames of one VM that wait in its receive ring before the VM is told of them: when each was first seen there, by the
 * thread that polls the virtual NICs. It sees them as soon as it would have handed them over otherwise, so the delay is
 * added to what there is without it.
 */
export class RxDelay {
  delayUs = 0;
  readonly #rings: RingGroup;
  readonly #vm: number;
  /** By place in the ring. */
  readonly #seenUs: Float64Array;
  /** Frames from the head on that have been seen. */
  #seen = 0;

  constructor(rings: RingGroup, vm: number) {
    this.#rings = rings;
    this.#vm = vm;
    this.#seenUs = new Float64Array(rings.size);
  }

  /** Looks what has come. */
  look(nowUs: number): void {
    const { mask } = this.#rings;
    const head = this.#rings.head(this.#vm);
    const waiting = this.#rings.length(this.#vm);
    for (; this.#seen < waiting; this.#seen++) this.#seenUs[(head + this.#seen) & mask] = nowUs;
  }

  /** Frames from the head on that have waited long enough, at most `waiting`. */
  due(nowUs: number, waiting: number): number {
    const { mask } = this.#rings;
    const head = this.#rings.head(this.#vm);
    const most = Math.min(waiting, this.#seen);
    let due = 0;
    while (due < most && this.#seenUs[(head + due) & mask] + this.delayUs <= nowUs) due++;
    return due;
  }

  /** When the next frame that still waits may go, in microseconds; Infinity when none waits. */
  nextUs(nowUs: number): number {
    const due = this.due(nowUs, this.#seen);
    if (due >= this.#seen) return Number.POSITIVE_INFINITY;
    return this.#seenUs[(this.#rings.head(this.#vm) + due) & this.#rings.mask] + this.delayUs;
  }

  /** A frame has left at the head. */
  taken(): void {
    if (this.#seen > 0) this.#seen--;
  }
}
