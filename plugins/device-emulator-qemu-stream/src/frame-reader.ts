import { DropReason, type VnicPort } from '@fairlead/sdk';

/** A length over this is no frame that was ever meant: the stream has lost its framing. */
export const LARGEST_CLAIM_BYTES = 262_144;

const PREFIX_BYTES = 4;

/**
 * Takes QEMU's stream framing apart (`net/stream.c`: a length in four bytes, big-endian, then the frame). Chunks may
 * be cut anywhere. A frame that lies whole in a chunk goes to the port from there; of one that does not, the parts are
 * gathered in one buffer of the size of a frame, so a guest cannot make this hold more.
 *
 * ```
 *  chunk n                            chunk n+1
 *  …│len│frame      │len│fra          me  │len│frame…
 *        └ pushed in place    └── gathered ──┘ pushed
 * ```
 */
export class FrameReader {
  readonly #port: VnicPort;
  readonly #gathered: Uint8Array;
  /** Bytes of the current length prefix that have come, and their value so far. */
  #prefixBytes = 0;
  #claim = 0;
  /** Bytes of the current frame in `#gathered`. */
  #gatheredBytes = 0;
  /** Bytes still to pass over of a frame longer than a slot. */
  #skipBytes = 0;

  constructor(port: VnicPort) {
    this.#port = port;
    this.#gathered = new Uint8Array(port.maxFrameBytes);
  }

  /** True when a gathered frame waits for room in the port. */
  get holdsFrame(): boolean {
    return this.#prefixBytes === PREFIX_BYTES && this.#gatheredBytes === this.#claim;
  }

  /**
   * Pushes the frames in `chunk[from] …` and returns the position up to which the bytes are used: the chunk's length,
   * or less when the port has no room (call again with the rest), or -1 when the framing is broken for good.
   */
  read(chunk: Uint8Array, from: number): number {
    const end = chunk.length;
    const largest = this.#gathered.length;
    let at = from;
    while (at < end || this.holdsFrame) {
      if (this.#skipBytes > 0) {
        const skip = Math.min(this.#skipBytes, end - at);
        this.#skipBytes -= skip;
        at += skip;
        continue;
      }
      if (this.#prefixBytes === 0 && end - at >= PREFIX_BYTES) {
        const claim = ((chunk[at] << 24) | (chunk[at + 1] << 16) | (chunk[at + 2] << 8) | chunk[at + 3]) >>> 0;
        const start = at + PREFIX_BYTES;
        if (claim <= end - start && claim <= largest) {
          if (!this.#port.push(chunk, start, start + claim)) return at;
          at = start + claim;
          continue;
        }
      }
      if (this.#prefixBytes < PREFIX_BYTES) {
        this.#claim = ((this.#claim << 8) | chunk[at++]) >>> 0;
        if (++this.#prefixBytes === PREFIX_BYTES && this.#claim > largest && !this.#passOver()) return -1;
        continue;
      }
      at = this.#gather(chunk, at);
      if (this.holdsFrame) {
        if (!this.#port.push(this.#gathered, 0, this.#claim)) return at;
        this.#reset();
      }
    }
    return at;
  }

  /** The stream ended: a frame that had begun is counted as malformed and forgotten. */
  abandon(): void {
    if (this.#prefixBytes > 0) this.#port.refuse(DropReason.Malformed);
    this.#reset();
  }

  #reset(): void {
    this.#prefixBytes = 0;
    this.#claim = 0;
    this.#gatheredBytes = 0;
    this.#skipBytes = 0;
  }

  #gather(chunk: Uint8Array, at: number): number {
    const part = Math.min(this.#claim - this.#gatheredBytes, chunk.length - at);
    if (part > 0) this.#gathered.set(chunk.subarray(at, at + part), this.#gatheredBytes);
    this.#gatheredBytes += part;
    return at + part;
  }

  /** Counts a frame longer than a slot and passes over its bytes; false: the length is beyond belief. */
  #passOver(): boolean {
    const claim = this.#claim;
    this.#reset();
    if (claim > LARGEST_CLAIM_BYTES) {
      this.#port.refuse(DropReason.Malformed);
      return false;
    }
    this.#port.refuse(DropReason.Oversize);
    this.#skipBytes = claim;
    return true;
  }
}
