import { DropReason, FrameBurst, type VnicPort } from '@fairlead/sdk';

const SLOT_BYTES = 2048;

/** A port whose rings are plain lists. */
export class FakePort implements VnicPort {
  readonly name = 'vm0.eth0';
  readonly vm = 0;
  readonly macs = [Uint8Array.of(0x52, 0x54, 0, 0, 0, 1)];
  readonly maxFrameBytes = 1514;
  readonly sent: Uint8Array[] = [];
  readonly refused: DropReason[] = [];
  waiting: Uint8Array[] = [];
  capacity = Number.POSITIVE_INFINITY;
  flushes = 0;
  readonly #memory = new Uint8Array(new SharedArrayBuffer(256 * SLOT_BYTES));

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
    this.sent.push(new Uint8Array(source.subarray(start, end)));
    return true;
  }

  refuse(reason: DropReason): void {
    this.refused.push(reason);
  }

  flush(): void {
    this.flushes++;
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
  }

  createBurst(capacity: number): FrameBurst {
    return new FrameBurst(this.#memory, Math.min(capacity, 256), this.maxFrameBytes);
  }
}
