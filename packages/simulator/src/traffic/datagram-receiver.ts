import type { Sink } from './flow.ts';
import type { Packet } from './packet.ts';

/** A frame that is so much later than the latest is taken for a new one, should it be a second copy. */
const REMEMBERED = 4096;
const MASK = REMEMBERED - 1;

/** A receiver that answers nothing: it tells new frames from copies and sees their order. */
export class DatagramReceiver implements Sink {
  timerUs = Number.POSITIVE_INFINITY;
  heapedUs = Number.POSITIVE_INFINITY;
  freshBytes = 0;
  duplicates = 0;
  outOfOrder = 0;
  #highest = -1;
  /** A bit for each of the latest numbers: whether it has come. */
  readonly #seen = new Int32Array(REMEMBERED / 32);

  onData({ number, bytes }: Packet): void {
    if (number > this.#highest) {
      if (number - this.#highest > MASK) this.#seen.fill(0);
      else for (let at = this.#highest + 1; at < number; at++) this.#seen[(at & MASK) >> 5] &= ~(1 << (at & 31));
      this.#highest = number;
    } else {
      const known = number > this.#highest - REMEMBERED && (this.#seen[(number & MASK) >> 5] >>> (number & 31)) & 1;
      if (known === 1) {
        this.duplicates++;
        return;
      }
      this.outOfOrder++;
    }
    if (number > this.#highest - REMEMBERED) this.#seen[(number & MASK) >> 5] |= 1 << (number & 31);
    this.freshBytes += bytes;
  }

  onTimer(): void {
    // It sets no timer.
  }
}
