/** The host looks at a line on which frames wait at least this often; if it did not, it had taken them elsewhere. */
const LONGEST_LOOK_GAP_US = 20_000;

/**
 * The transmit side of a cable, which carries one frame at a time. A frame may begin when the one before it has
 * ended; the host learns by how many frames are taken, so that what the line cannot carry yet waits in the host's
 * queue, where it counts as pending.
 *
 * The line is looked at only now and then. While frames were left waiting at the last look it has not been idle since,
 * and the next frame begins right at the end of the one before, however coarse the looks are. Otherwise the frames
 * are new, and begin no earlier than now.
 */
export class Line {
  #busyUntilUs = 0;
  #lookedUs = -1;
  #waiting = false;

  /** When the next waiting frame may begin; Infinity when none waits. */
  nextBeginUs(nowUs: number): number {
    return this.#waiting && nowUs - this.#busyUntilUs < LONGEST_LOOK_GAP_US
      ? this.#busyUntilUs
      : Number.POSITIVE_INFINITY;
  }

  /** A look at the line, before frames are put on it. */
  look(nowUs: number): void {
    const wasBusy = this.#waiting && nowUs - this.#lookedUs < LONGEST_LOOK_GAP_US;
    if (!wasBusy && nowUs !== this.#lookedUs && this.#busyUntilUs < nowUs) this.#busyUntilUs = nowUs;
    this.#lookedUs = nowUs;
  }

  /** True when a frame may begin by `nowUs`. */
  isFree(nowUs: number): boolean {
    return this.#busyUntilUs <= nowUs;
  }

  /** Carries a frame that takes `durationUs` and returns when its first bit leaves. */
  carry(durationUs: number): number {
    const beginUs = this.#busyUntilUs;
    this.#busyUntilUs = beginUs + durationUs;
    return beginUs;
  }

  /** Says whether frames were left waiting at this look. */
  leave(waiting: boolean): void {
    this.#waiting = waiting;
  }
}
