import { FrameBurst } from '../batch.ts';
import type { VnicPort } from '../points/device-emulator.ts';
import { DropReason } from '../verdict.ts';

const SLOT_BYTES = 2048;
const HEADER_BYTES = 14;

/**
 * What a test says of a virtual NIC's host side.
 *
 * @example
 * ```ts
 * import { TestPort, type TestPortAbout } from '@fairlead/sdk/testing';
 *
 * const jumbo: TestPortAbout = { maxFrameBytes: 9018, capacity: 4 };
 * console.log(new TestPort(jumbo).room()); // 4
 * ```
 */
export interface TestPortAbout {
  /** Name of the port; `vm0` when left out. */
  readonly name?: string;
  /** VM number; -1 for a port that several VMs share. */
  readonly vm?: number;
  /** Addresses of the VMs behind it. */
  readonly macs?: readonly Uint8Array[];
  /** Longest frame it takes, in bytes. */
  readonly maxFrameBytes?: number;
  /** Frames that the ring towards the host holds. */
  readonly capacity?: number;
}

/**
 * The host's side of a virtual NIC with both rings in plain arrays: what the device pushed is in `sent` once it was
 * flushed, what waits for the VM is in `waiting`.
 *
 * @example
 * ```ts
 * import { TestPort } from '@fairlead/sdk/testing';
 *
 * const port = new TestPort({ capacity: 1 });
 * port.push(new Uint8Array(64), 0, 64);
 * console.log(port.room(), port.sent.length); // 0 0
 * port.flush();
 * console.log(port.sent.length); // 1
 * ```
 */
export class TestPort implements VnicPort {
  readonly name: string;
  readonly vm: number;
  readonly macs: readonly Uint8Array[];
  readonly maxFrameBytes: number;
  /** Frames that a full ring would be made of; a test may change it. */
  capacity: number;
  /** Frames that the device pushed and flushed, until `takeSent`. */
  readonly sent: Uint8Array[] = [];
  /** Reasons under which frames were counted instead. */
  readonly refused: DropReason[] = [];
  /** Frames for the VM that it has not taken. */
  readonly waiting: Uint8Array[] = [];
  readonly #pushed: Uint8Array[] = [];

  constructor(about: TestPortAbout = {}) {
    this.name = about.name ?? 'vm0';
    this.vm = about.vm ?? 0;
    this.macs = about.macs ?? [Uint8Array.of(0x52, 0x54, 0, 0, 0, 0)];
    this.maxFrameBytes = about.maxFrameBytes ?? 1518;
    this.capacity = about.capacity ?? 256;
  }

  room(): number {
    return Math.max(0, this.capacity - this.sent.length - this.#pushed.length);
  }

  push(source: Uint8Array, start: number, end: number): boolean {
    const bytes = end - start;
    if (bytes < HEADER_BYTES || bytes > this.maxFrameBytes) {
      this.refuse(bytes < HEADER_BYTES ? DropReason.Runt : DropReason.Oversize);
      return true;
    }
    if (this.room() === 0) return false;
    this.#pushed.push(source.slice(start, end));
    return true;
  }

  refuse(reason: DropReason): void {
    this.refused.push(reason);
  }

  flush(): void {
    this.sent.push(...this.#pushed.splice(0));
  }

  /** What was flushed; the ring is empty of it then. */
  takeSent(): Uint8Array[] {
    return this.sent.splice(0);
  }

  pull(burst: FrameBurst): number {
    const count = Math.min(this.waiting.length, burst.capacity);
    for (let i = 0; i < count; i++) {
      burst.offset[i] = i * SLOT_BYTES;
      burst.bytes[i] = this.waiting[i].length;
      burst.memory.set(this.waiting[i], burst.offset[i]);
    }
    burst.count = count;
    return count;
  }

  release(count: number): void {
    this.waiting.splice(0, count);
  }

  createBurst(capacity: number): FrameBurst {
    return new FrameBurst(new Uint8Array(new SharedArrayBuffer(capacity * SLOT_BYTES)), capacity, this.maxFrameBytes);
  }
}
