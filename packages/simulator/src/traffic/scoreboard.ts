const SACKED = 1;
const LOST = 2;
const RETRANSMITTED = 4;
/** RFC 6675 §2: so many later segments must have arrived before one counts as lost. */
const DUPLICATE_THRESHOLD = 3;

/**
 * What a TCP sender knows of the segments that it has sent and that are not yet acknowledged (RFC 6675 §3): which of
 * them arrived, which are lost, and how many are in the network (`pipe`). Segments are numbered from 0; only the part
 * from `una` to `next` is kept, in a ring.
 */
export class Scoreboard {
  readonly #flags: Uint8Array;
  readonly #mask: number;
  /** First segment that is not acknowledged. */
  una = 0;
  /** First segment that was never sent. */
  next = 0;
  /** Segments that are in the network, as far as the sender can tell. */
  pipe = 0;
  #sacked = 0;
  /** Segments below it have been judged; of these so many are `SACKED`. */
  #judged = 0;
  #sackedBelow = 0;
  /** No lost segment below it waits to be sent again. */
  #resend = 0;
  /** One more than the highest segment that is known to have arrived out of order. */
  #sackedUpTo = 0;
  /** Segments that were sent again, in that order, and what `next` was then; those before `#oldest` are settled. */
  #resentSegments: number[] = [];
  #resentMarks: number[] = [];
  #oldest = 0;

  /** @param window most segments between `una` and `next`. */
  constructor(window: number) {
    const size = 2 ** Math.ceil(Math.log2(window + 1));
    this.#flags = new Uint8Array(size);
    this.#mask = size - 1;
  }

  get flight(): number {
    return this.next - this.una;
  }

  /** A new segment was sent: `next`. */
  sent(): void {
    this.#flags[this.next & this.#mask] = 0;
    this.next++;
    this.pipe++;
  }

  /** The first lost segment that was not sent again, or -1. */
  lostSegment(): number {
    while (this.#resend < this.next) {
      const flags = this.#flags[this.#resend & this.#mask];
      if ((flags & (SACKED | LOST | RETRANSMITTED)) === LOST) return this.#resend;
      // Those beyond what has been judged are not lost, as far as is known.
      if (this.#resend >= this.#judged) return -1;
      this.#resend++;
    }
    return -1;
  }

  /** A lost segment was sent again. */
  resent(segment: number): void {
    this.#flags[segment & this.#mask] |= RETRANSMITTED;
    this.#resentSegments.push(segment);
    this.#resentMarks.push(this.next);
    this.pipe++;
  }

  /** Everything below `upTo` has arrived. */
  acknowledge(upTo: number): void {
    const end = upTo < this.next ? upTo : this.next;
    for (let segment = this.una; segment < end; segment++) {
      const flags = this.#flags[segment & this.#mask];
      if ((flags & SACKED) !== 0) {
        this.#sacked--;
        if (segment < this.#judged) this.#sackedBelow--;
      } else if ((flags & LOST) === 0 || (flags & RETRANSMITTED) !== 0) this.pipe--;
    }
    this.una = end;
    if (this.#judged < end) this.#judged = end;
    if (this.#resend < end) this.#resend = end;
  }

  /** The segments from `from` up to but not including `to` have arrived. */
  selectivelyAcknowledge(from: number, to: number): void {
    const end = to < this.next ? to : this.next;
    if (end > this.#sackedUpTo) this.#sackedUpTo = end;
    for (let segment = from > this.una ? from : this.una; segment < end; segment++) {
      const at = segment & this.#mask;
      const flags = this.#flags[at];
      if ((flags & SACKED) !== 0) continue;
      if ((flags & LOST) === 0 || (flags & RETRANSMITTED) !== 0) this.pipe--;
      this.#flags[at] = flags | SACKED;
      this.#sacked++;
      if (segment < this.#judged) this.#sackedBelow++;
    }
  }

  /** Judges which segments are lost (RFC 6675 §4, IsLost). True when one was found. */
  judge(): boolean {
    let found = false;
    while (this.#judged < this.next) {
      const at = this.#judged & this.#mask;
      const flags = this.#flags[at];
      const sacked = flags & SACKED;
      if (this.#sacked - this.#sackedBelow - sacked < DUPLICATE_THRESHOLD) break;
      if (sacked !== 0) this.#sackedBelow++;
      else if ((flags & LOST) === 0) {
        this.#flags[at] = flags | LOST;
        this.pipe--;
        found = true;
      }
      this.#judged++;
    }
    this.#judgeResent();
    return found;
  }

  /**
   * What was sent again is lost once more when segments that were first sent after it have arrived: RFC 8985 judges so by
   * the times of sending, here their order serves.
   */
  #judgeResent(): void {
    const marks = this.#resentMarks;
    while (this.#oldest < marks.length && (marks[this.#oldest] as number) + DUPLICATE_THRESHOLD <= this.#sackedUpTo) {
      const segment = this.#resentSegments[this.#oldest++] as number;
      const at = segment & this.#mask;
      if (segment < this.una || (this.#flags[at] & (SACKED | RETRANSMITTED)) !== RETRANSMITTED) continue;
      this.#flags[at] = LOST;
      this.pipe--;
      if (segment < this.#resend) this.#resend = segment;
    }
    if (this.#oldest === marks.length) this.#forgetResent();
  }

  #forgetResent(): void {
    this.#resentSegments.length = 0;
    this.#resentMarks.length = 0;
    this.#oldest = 0;
  }

  /** The retransmission timer expired: everything that is not known to have arrived is lost (RFC 6675 §5.1). */
  loseAll(): void {
    for (let segment = this.una; segment < this.next; segment++) {
      const at = segment & this.#mask;
      if ((this.#flags[at] & SACKED) === 0) this.#flags[at] = LOST;
    }
    this.#judged = this.next;
    this.#sackedBelow = this.#sacked;
    this.#resend = this.una;
    this.pipe = 0;
    this.#forgetResent();
  }
}
