import type { Sink } from './flow.ts';
import type { Packet } from './packet.ts';

/** A frame that is so much later than the latest is taken for a new one, should it be a second copy. */
const REMEMBERED = 4096;

/** A receiver that answers nothing: it tells new frames from copies and sees their order. */
export class DatagramReceiver implements Sink {
  timerUs = Number.POSITIVE_INFINITY;
  heapedUs = Number.POSITIVE_INFINITY;
  freshBytes = 0;
  duplicates = 0;
  outOfOrder = 0;
  #highest = -1;
  readonly #seen = new Int32Array(REMEMBERED).fill(-1);

  onData({ number, bytes }: Packet): void {
    const at = number & (REMEMBERED - 1);
    if (this.#seen[at] === number) {
      this.duplicates++;
      return;
    }
    this.#seen[at] = number;
    this.freshBytes += bytes;
    if (number < this.#highest) this.outOfOrder++;
    else this.#highest = number;
  }

  onTimer(): void {
    // It sets no timer.
  }
}
