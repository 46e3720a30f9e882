/** Knows the highest priority that is sending: one whose VMs sent something within the last `holdUs`. */
export class PriorityWatch {
  #highest = Number.NEGATIVE_INFINITY;
  #seenUs = 0;

  constructor(private readonly holdUs: number) {}

  /**
   * Notes that a VM of this priority sends now; true when a higher one is sending too. Without the hold time the lower
   * VMs would leave a NIC idle for ever after a higher one fell silent.
   */
  isOutranked(priority: number, nowUs: number): boolean {
    const sinceUs = nowUs - this.#seenUs;
    if (priority < this.#highest && sinceUs >= 0 && sinceUs <= this.holdUs) return true;
    this.#highest = priority;
    this.#seenUs = nowUs;
    return false;
  }

  /** True when `isOutranked` has just said so of a VM of this priority. */
  outranks(priority: number): boolean {
    return priority < this.#highest;
  }
}
