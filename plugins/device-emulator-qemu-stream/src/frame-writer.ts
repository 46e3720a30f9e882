import type { FrameBurst, VnicPort } from '@fairlead/sdk';

const FRAMES_A_PULL = 256;
const PREFIX_BYTES = 4;
/** The buffer may be large; one call must not keep the thread from the other VMs. */
const FRAMES_A_FILL = 4096;

/** Fills one buffer, used again and again, with the frames that wait for the VM, each behind its length. */
export class FrameWriter {
  readonly #port: VnicPort;
  readonly #burst: FrameBurst;
  readonly #buffer: Uint8Array;

  constructor(port: VnicPort, capacityBytes: number) {
    this.#port = port;
    this.#burst = port.createBurst(FRAMES_A_PULL);
    this.#buffer = new Uint8Array(capacityBytes);
  }

  /**
   * Takes waiting frames, as many as fit and 4,096 or so at most, and returns them framed; empty when none waits. Valid
   * until the next call.
   */
  fill(): Uint8Array {
    let used = 0;
    for (let frames = 0; ; ) {
      const count = this.#port.pull(this.#burst);
      let taken = 0;
      while (taken < count && used + PREFIX_BYTES + this.#burst.bytes[taken] <= this.#buffer.length) {
        used = this.#append(taken++, used);
      }
      if (taken > 0) this.#port.release(taken);
      frames += taken;
      if (taken === 0 || taken < count || frames >= FRAMES_A_FILL) return this.#buffer.subarray(0, used);
    }
  }

  #append(frame: number, at: number): number {
    const { memory, offset, bytes } = this.#burst;
    const length = bytes[frame];
    const buffer = this.#buffer;
    buffer[at] = length >>> 24;
    buffer[at + 1] = length >>> 16;
    buffer[at + 2] = length >>> 8;
    buffer[at + 3] = length;
    buffer.set(memory.subarray(offset[frame], offset[frame] + length), at + PREFIX_BYTES);
    return at + PREFIX_BYTES + length;
  }
}
