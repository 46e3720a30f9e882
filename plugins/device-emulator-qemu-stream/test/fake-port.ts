import { DropReason, FrameBurst, type VnicPort } from '@fairlead/sdk';

const SLOT_BYTES = 2048;

/** A port whose rings are plain lists, with a limit on each, and promises for what a test waits for. */
export class FakePort implements VnicPort {
  readonly name = 'vm0.eth0';
  readonly vm = 0;
  readonly macs = [Uint8Array.of(0x52, 0x54, 0, 0, 0, 1)];
  readonly maxFrameBytes = 1514;
  /** Frames that the VM sent, as the host sees them. */
  readonly sent: Uint8Array[] = [];
  readonly refused: DropReason[] = [];
  /** Frames for the VM that it has not taken. */
  waiting: Uint8Array[] = [];
  capacity = Number.POSITIVE_INFINITY;
  flushes = 0;
  readonly #memory = new Uint8Array(new SharedArrayBuffer(256 * SLOT_BYTES));
  readonly #waiters: { ready: () => boolean; resolve: () => void }[] = [];

  room(): number {
    return this.capacity - this.sent.length;
  }

  push(source: Uint8Array, start: number, end: number): boolean {
    const bytes = end - start;
    if (bytes < 14 || bytes > this.maxFrameBytes) {
      this.refuse(bytes < 14 ? DropReason.Runt : DropReason.Oversize);
      return true;
    }
    if (this.room() <= 0) return false;
    // Not `slice`: a Buffer's shares its memory.
    this.sent.push(new Uint8Array(source.subarray(start, end)));
    return true;
  }

  refuse(reason: DropReason): void {
    this.refused.push(reason);
    this.changed();
  }

  flush(): void {
    this.flushes++;
    this.changed();
  }

  pull(burst: FrameBurst): number {
    burst.count = Math.min(burst.capacity, this.waiting.length);
    for (let i = 0; i < burst.count; i++) {
      const frame = this.waiting[i] as Uint8Array;
      burst.offset[i] = i * SLOT_BYTES + 2;
      burst.bytes[i] = frame.length;
      this.#memory.set(frame, i * SLOT_BYTES + 2);
    }
    return burst.count;
  }

  release(count: number): void {
    this.waiting = this.waiting.slice(count);
    this.changed();
  }

  createBurst(capacity: number): FrameBurst {
    return new FrameBurst(this.#memory, Math.min(capacity, 256), this.maxFrameBytes);
  }

  /** Resolves as soon as `ready` holds; it is asked whenever something happened to the port. */
  until(ready: () => boolean): Promise<void> {
    if (ready()) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ ready, resolve }));
  }

  changed(): void {
    for (const waiter of this.#waiters) if (waiter.ready()) waiter.resolve();
  }
}

/** A frame of `bytes` bytes with a content that tells it from others. */
export function frame(bytes: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => (i * 7 + seed * 31) & 0xff);
}

/** Frames behind their lengths, as QEMU writes them. */
export function framed(...frames: Uint8Array[]): Uint8Array {
  return Buffer.concat(frames.flatMap((one) => [claim(one.length), one]));
}

/** A length prefix alone. */
export function claim(bytes: number): Uint8Array {
  return Uint8Array.of(bytes >>> 24, bytes >>> 16, bytes >>> 8, bytes);
}
