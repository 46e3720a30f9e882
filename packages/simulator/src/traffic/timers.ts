/** Something that wants to be called at a time. */
export interface TimerHolder {
  /** When it wants to be called, in microseconds; Infinity: not at all. Only `Timers.set` changes it. */
  timerUs: number;
  /** Time of its earliest place in the heap. Only `Timers` uses it. */
  heapedUs: number;
}

/** Something that is told when its time has come. */
export interface Timed extends TimerHolder {
  onTimer(nowUs: number): void;
}

/**
 * A heap of timers. One that is moved to a later time, as a retransmission timer is by every acknowledgement, keeps its
 * place and is put back when its old time comes: moving costs nothing.
 */
export class Timers<H extends TimerHolder> {
  readonly #times: number[] = [];
  readonly #holders: H[] = [];

  /** When the first place comes up; what is there may have been moved to a later time. */
  get nextUs(): number {
    return this.#times.length === 0 ? Number.POSITIVE_INFINITY : (this.#times[0] as number);
  }

  /** Sets the time of a holder; Infinity takes it off. */
  set(holder: H, atUs: number): void {
    holder.timerUs = atUs;
    if (atUs >= holder.heapedUs) return;
    holder.heapedUs = atUs;
    this.#push(atUs, holder);
  }

  /** The next holder whose time has come; its timer is off then. Undefined when there is none. */
  due(nowUs: number): H | undefined {
    while (this.#times.length > 0 && (this.#times[0] as number) <= nowUs) {
      const atUs = this.#times[0] as number;
      const holder = this.#pop();
      if (holder.heapedUs !== atUs) continue; // it has an earlier place, or had one and was put back
      holder.heapedUs = Number.POSITIVE_INFINITY;
      if (holder.timerUs <= nowUs) {
        holder.timerUs = Number.POSITIVE_INFINITY;
        return holder;
      }
      if (holder.timerUs !== Number.POSITIVE_INFINITY) {
        holder.heapedUs = holder.timerUs;
        this.#push(holder.timerUs, holder);
      }
    }
    return undefined;
  }

  #push(atUs: number, holder: H): void {
    const times = this.#times;
    const holders = this.#holders;
    let at = times.length;
    times.push(atUs);
    holders.push(holder);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if ((times[above] as number) <= atUs) break;
      times[at] = times[above] as number;
      holders[at] = holders[above] as H;
      at = above;
    }
    times[at] = atUs;
    holders[at] = holder;
  }

  #pop(): H {
    const times = this.#times;
    const holders = this.#holders;
    const first = holders[0] as H;
    const atUs = times.pop() as number;
    const holder = holders.pop() as H;
    const count = times.length;
    if (count === 0) return first;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= count) break;
      if (below + 1 < count && (times[below + 1] as number) < (times[below] as number)) below++;
      if ((times[below] as number) >= atUs) break;
      times[at] = times[below] as number;
      holders[at] = holders[below] as H;
      at = below;
    }
    times[at] = atUs;
    holders[at] = holder;
    return first;
  }
}
