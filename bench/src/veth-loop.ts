import type { Arena } from '@fairlead/core/stages';
import { FrameBurst, type NicDriver } from '@fairlead/sdk';

const BURST_FRAMES = 64;

/** What forwarding costs at least with these drivers: what one receives the other sends, from the same slots. */
export class VethLoop {
  readonly #from: NicDriver;
  readonly #to: NicDriver;
  readonly #incoming: FrameBurst;
  readonly #outgoing: FrameBurst;

  constructor(arena: Arena, from: NicDriver, to: NicDriver) {
    const { pool } = arena;
    this.#from = from;
    this.#to = to;
    this.#incoming = new FrameBurst(pool.memory, BURST_FRAMES, pool.maxFrameBytes);
    this.#outgoing = new FrameBurst(pool.memory, BURST_FRAMES, pool.maxFrameBytes);
    for (let i = 0; i < BURST_FRAMES; i++) this.#incoming.offset[i] = pool.offset(pool.allocate());
  }

  /** Reads a burst and sends it. Returns the frames read. */
  turn(): number {
    const incoming = this.#incoming;
    const outgoing = this.#outgoing;
    const count = this.#from.receive(incoming);
    for (let done = 0; done < count; ) {
      for (let i = done; i < count; i++) {
        outgoing.offset[i - done] = incoming.offset[i] as number;
        outgoing.bytes[i - done] = incoming.bytes[i] as number;
      }
      outgoing.count = count - done;
      done += this.#to.send(outgoing);
    }
    return count;
  }
}
