/** The host looks at a line on which frames wait at least this often; if it did not, it had taken them elsewhere. */
const LONGEST_LOOK_GAP_US = 20_000;

/**
 * Paces a simulated NIC: the transmit side of a cable, which carries one frame at a time. A frame may begin when the
 * one before it has ended; the host learns by how many frames `send` takes, so that what the line cannot carry yet
 * waits in the host's queue, where it counts as pending.
 *
 * The line is looked at only now and then. While frames were left waiting at the last look it has not been idle since,
 * and the next frame begins right at the end of the one before, however coarse the looks are. Otherwise the frames
 * are new, and begin no earlier than now.
 *
 * All times are in microseconds on the clock of the burst, `burst.nowUs`. Nothing is allocated and nothing thrown.
 *
 * @example
 * ```ts
 * import { type FrameBurst, LinePacer, type NicDriver } from '@fairlead/sdk';
 *
 * class SlowNic implements NicDriver {
 *   readonly #line = new LinePacer();
 *   link = () => ({ up: true, speedBps: 100e6 });
 *   receive = () => 0;
 *   send(burst: FrameBurst): number {
 *     this.#line.look(burst.nowUs);
 *     let taken = 0;
 *     while (taken < burst.count && this.#line.isFree(burst.nowUs)) {
 *       this.#line.carry((burst.bytes[taken++] * 8e6) / 100e6);
 *     }
 *     this.#line.leave(taken < burst.count);
 *     return taken;
 *   }
 *   nextEventUs = (nowUs: number) => this.#line.nextBeginUs(nowUs);
 * }
 * ```
 */
export class LinePacer {
  #busyUntilUs = 0;
  #lookedUs = -1;
  #waiting = false;

  /** When the next waiting frame may begin, `nowUs` at the earliest; Infinity when none waits. */
  nextBeginUs(nowUs: number): number {
    if (!this.#waiting || nowUs - this.#busyUntilUs >= LONGEST_LOOK_GAP_US) return Number.POSITIVE_INFINITY;
    return this.#busyUntilUs > nowUs ? this.#busyUntilUs : nowUs;
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
