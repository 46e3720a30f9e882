import { type DropReason, FrameBurst, parseMac, type VnicPort } from '@fairlead/sdk';

/** A virtual NIC's host side with both rings in plain arrays. */
export class FakePort implements VnicPort {
  readonly name = 'a';
  readonly vm = 0;
  readonly macs: readonly Uint8Array[];
  readonly maxFrameBytes: number;
  /** Frames the guest has pushed, visible once flushed. */
  readonly pushed: Uint8Array[] = [];
  readonly refused: DropReason[] = [];
  /** Frames on their way to the guest. */
  readonly inbound: Uint8Array[] = [];
  flushed = 0;
  capacity: number;

  constructor({ capacity = 256, maxFrameBytes = 1522, mac = '52:54:00:0a:0b:0c' } = {}) {
    this.capacity = capacity;
    this.maxFrameBytes = maxFrameBytes;
    this.macs = [parseMac(mac)];
  }

  room(): number {
    return this.capacity - this.pushed.length;
  }

  push(source: Uint8Array, start: number, end: number): boolean {
    if (this.room() <= 0) return false;
    this.pushed.push(source.slice(start, end));
    return true;
  }

  refuse(reason: DropReason): void {
    this.refused.push(reason);
  }

  flush(): void {
    this.flushed = this.pushed.length;
  }

  pull(burst: FrameBurst): number {
    const count = Math.min(this.inbound.length, burst.capacity);
    for (let i = 0; i < count; i++) {
      burst.offset[i] = i * 2048 + 2;
      burst.bytes[i] = this.inbound[i].length;
      burst.memory.set(this.inbound[i], burst.offset[i]);
    }
    burst.count = count;
    return count;
  }

  release(count: number): void {
    this.inbound.splice(0, count);
  }

  createBurst(capacity: number): FrameBurst {
    return new FrameBurst(new Uint8Array(new SharedArrayBuffer(capacity * 2048)), capacity, this.maxFrameBytes);
  }

  /** The host takes what the guest has flushed. */
  takeAll(): Uint8Array[] {
    this.flushed = 0;
    return this.pushed.splice(0);
  }
}
