import { FrameBurst } from '../../batch.ts';

/** What is put into slots that are not, or no longer, a driver's. */
const POISON = 0xdb;
/** Frames in the host's pool start two bytes past a word. */
const HEADROOM_BYTES = 2;

/**
 * A frame pool and the two bursts over it, as a host has them. Transmit slots come round: the same frame is offered
 * from another slot each time.
 *
 * ```
 *   │ transmit slot 0 … n │ receive slot 0 … n │      a slot: │ 2 │ frame, maxFrameBytes at most │ not a driver's │
 * ```
 */
export class NicMemory {
  readonly transmit: FrameBurst;
  readonly receive: FrameBurst;
  readonly #memory: Uint8Array;
  readonly #strideBytes: number;
  /** Slots of each side. */
  readonly #slots: number;
  #turn = 0;

  constructor(maxFrameBytes: number, burst: number) {
    this.#strideBytes = (maxFrameBytes + HEADROOM_BYTES + 64 + 63) & ~63;
    this.#slots = burst + 3;
    this.#memory = new Uint8Array(new SharedArrayBuffer(2 * this.#slots * this.#strideBytes)).fill(POISON);
    this.transmit = new FrameBurst(this.#memory, burst, maxFrameBytes);
    this.receive = new FrameBurst(this.#memory, burst, maxFrameBytes);
  }

  /** Makes the transmit burst: as many of the frames as it holds. */
  offer(frames: readonly Uint8Array[], nowUs: number): FrameBurst {
    const burst = this.transmit;
    burst.count = Math.min(frames.length, burst.capacity);
    burst.nowUs = nowUs;
    burst.failed.fill(0);
    burst.failures = 0;
    burst.bytes.fill(0x7fffffff);
    for (let i = 0; i < burst.capacity; i++) {
      burst.offset[i] = ((this.#turn + i) % this.#slots) * this.#strideBytes + HEADROOM_BYTES;
      if (i >= burst.count) continue;
      this.#memory.set(frames[i], burst.offset[i]);
      burst.bytes[i] = frames[i].length;
    }
    this.#turn = (this.#turn + 2) % this.#slots;
    return burst;
  }

  /** Makes the receive burst: slots whose contents mean nothing. */
  slots(nowUs: number): FrameBurst {
    const burst = this.receive;
    burst.count = 0;
    burst.nowUs = nowUs;
    burst.bytes.fill(-1);
    for (let i = 0; i < burst.capacity; i++) {
      burst.offset[i] = (this.#slots + i) * this.#strideBytes + HEADROOM_BYTES;
    }
    return burst;
  }

  /** Writes over a burst and its slots, for a driver that keeps them. */
  poison(burst: FrameBurst): void {
    for (const at of burst.offset) this.#memory.fill(POISON, at, at + burst.maxFrameBytes);
    burst.offset.fill(0);
    burst.bytes.fill(0x7fffffff);
    burst.count = burst.capacity;
    burst.nowUs = Number.NaN;
  }

  /** Remembers the memory and the burst; the function it returns names a part that was written since but was not given. */
  watch(burst: FrameBurst, givenSlots: boolean): () => string | undefined {
    const before = this.#memory.slice();
    const { count, nowUs } = burst;
    const offset = burst.offset.slice();
    const bytes = burst.bytes.slice();
    return () => {
      if (burst.count !== count && !givenSlots) return 'burst.count';
      if (burst.nowUs !== nowUs) return 'burst.nowUs';
      const moved = offset.findIndex((at, i) => burst.offset[i] !== at);
      if (moved >= 0) return `burst.offset[${moved}]`;
      const cut = givenSlots ? -1 : bytes.findIndex((length, i) => burst.bytes[i] !== length);
      if (cut >= 0) return `burst.bytes[${cut}]`;
      return this.#written(before, givenSlots ? burst : undefined);
    };
  }

  #written(before: Uint8Array, given: FrameBurst | undefined): string | undefined {
    const now = this.#memory;
    for (let i = 0; i < (given?.capacity ?? 0); i++) {
      const { offset, maxFrameBytes } = given as FrameBurst;
      before.set(now.subarray(offset[i], offset[i] + maxFrameBytes), offset[i]);
    }
    if (Buffer.compare(now, before) === 0) return undefined;
    return this.#place(before.findIndex((byte, at) => byte !== now[at]));
  }

  #place(at: number): string {
    const slot = Math.floor(at / this.#strideBytes);
    const byte = at - slot * this.#strideBytes - HEADROOM_BYTES;
    const side = slot < this.#slots ? 'transmit' : 'receive';
    return `byte ${byte} of ${side} slot ${slot % this.#slots}`;
  }
}
