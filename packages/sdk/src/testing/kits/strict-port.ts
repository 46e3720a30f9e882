import { FrameBurst } from '../../batch.ts';
import type { VnicPort } from '../../points/device-emulator.ts';

const SLOTS = 64;
const POISON = 0xdb;
const HEADER_BYTES = 14;
/** Frames that one poll may move, each way, before it counts as never ending. */
const MOST_A_POLL = 100_000;

/** What a device can do wrong with its port; each is a law of its own. */
export type PortFault = 'contract' | 'unflushed' | 'written' | 'endless';

/** Ends a poll that would not end. */
export class EndlessPoll extends Error {}

export interface StrictPortAbout {
  readonly shared: boolean;
  readonly maxFrameBytes: number;
  /** Frames that the ring towards the host holds. */
  capacity: number;
}

/**
 * The host's side of a virtual NIC that looks closely at what the device does with it. Frames for the VM lie in
 * slots that come round; what the device has released is written over at once.
 */
export class StrictPort implements VnicPort {
  readonly name = 'vm0';
  readonly vm: number;
  readonly macs: readonly Uint8Array[];
  readonly maxFrameBytes: number;
  readonly faults = new Map<PortFault, string>();
  /** Frames that were flushed. */
  readonly sent: Uint8Array[] = [];
  /** Frames for the VM that it has not taken. */
  readonly waiting: Uint8Array[] = [];
  /** As soon as the VM has taken a frame another one waits. */
  endless = false;
  capacity: number;
  /** Frames that the device has pushed, those that were refused included. */
  pushedFrames = 0;
  #pushed: Uint8Array[] = [];
  readonly #memory: Uint8Array;
  readonly #strideBytes: number;
  #turn = 0;
  #listed: FrameBurst | undefined;
  #listedCount = 0;
  #moved = 0;

  constructor({ shared, maxFrameBytes, capacity }: StrictPortAbout) {
    this.vm = shared ? -1 : 0;
    this.macs = [Uint8Array.of(0x52, 0x54, 0, 0, 0, 0), Uint8Array.of(0x52, 0x54, 0, 0, 0, 1)].slice(0, shared ? 2 : 1);
    this.maxFrameBytes = maxFrameBytes;
    this.capacity = capacity;
    this.#strideBytes = (maxFrameBytes + 64) & ~63;
    this.#memory = new Uint8Array(new SharedArrayBuffer(SLOTS * this.#strideBytes)).fill(POISON);
  }

  /** Before each poll. */
  begin(): void {
    this.#moved = 0;
  }

  /** After each poll, and each event: what was pushed must have been flushed, what was listed is as it was. */
  end(): void {
    if (this.#pushed.length > 0) this.#note('unflushed', `it pushed ${this.#pushed.length} frames without a flush`);
    this.#lookAtListed();
  }

  room(): number {
    return Math.max(0, this.capacity - this.sent.length - this.#pushed.length);
  }

  push(source: Uint8Array, start: number, end: number): boolean {
    this.#move('pushed');
    if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end < start || end > source.length) {
      this.#note('contract', `it pushed bytes ${start} to ${end} of ${source.length}`);
      return true;
    }
    const bytes = end - start;
    if (bytes < HEADER_BYTES || bytes > this.maxFrameBytes) {
      this.pushedFrames++;
      return true;
    }
    if (this.room() === 0) return false;
    this.pushedFrames++;
    this.#pushed.push(source.slice(start, end));
    return true;
  }

  refuse(): void {
    this.#move('refused');
  }

  flush(): void {
    this.sent.push(...this.#pushed);
    this.#pushed = [];
  }

  /** The host takes up to `count` frames; there is room for as many more. */
  take(count: number): Uint8Array[] {
    return this.sent.splice(0, count);
  }

  pull(burst: FrameBurst): number {
    this.#lookAtListed();
    const count = Math.min(this.waiting.length, burst.capacity, SLOTS);
    for (let i = 0; i < count; i++) {
      burst.offset[i] = ((this.#turn + i) % SLOTS) * this.#strideBytes + 2;
      burst.bytes[i] = this.waiting[i].length;
      this.#memory.set(this.waiting[i], burst.offset[i]);
    }
    burst.count = count;
    this.#listed = burst;
    this.#listedCount = count;
    return count;
  }

  release(count: number): void {
    if (!Number.isInteger(count) || count < 0 || count > this.#listedCount) {
      this.#note('contract', `it released ${count} frames of ${this.#listedCount} that it had pulled`);
      return;
    }
    this.#lookAtListed();
    const burst = this.#listed;
    this.#listed = undefined;
    this.#listedCount = 0;
    this.#turn = (this.#turn + count) % SLOTS;
    for (const frame of this.waiting.splice(0, count)) if (this.endless) this.waiting.push(frame);
    for (let i = 0; i < count; i++) {
      this.#move('took');
      const at = (burst as FrameBurst).offset[i];
      this.#memory.fill(POISON, at, at + this.#strideBytes - 2);
    }
  }

  createBurst(capacity: number): FrameBurst {
    return new FrameBurst(this.#memory, capacity, this.maxFrameBytes);
  }

  #lookAtListed(): void {
    const burst = this.#listed;
    for (let i = 0; burst !== undefined && i < this.#listedCount; i++) {
      const frame = this.waiting[i];
      const now = burst.memory.subarray(burst.offset[i], burst.offset[i] + frame.length);
      if (Buffer.compare(now, frame) !== 0) this.#note('written', `it wrote to frame ${i} of those that it had pulled`);
    }
  }

  #move(what: string): void {
    if (++this.#moved < MOST_A_POLL) return;
    this.#note('endless', `it ${what} more than ${MOST_A_POLL} frames in one poll`);
    throw new EndlessPoll();
  }

  #note(fault: PortFault, what: string): void {
    if (!this.faults.has(fault)) this.faults.set(fault, what);
  }
}
