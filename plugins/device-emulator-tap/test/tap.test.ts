import { DropReason } from '@fairlead/sdk';
import { MemoryLog } from '@fairlead/sdk/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import definition, { Tap } from '../src/index.ts';
import type { TapQueue } from '../src/tap-queue.ts';
import { FakePort } from './fake-port.ts';

const GONE = -2;
const NOT_NOW = -1;

/** A tap's descriptor without a kernel: lists of frames, and answers in place of them. */
class FakeQueue {
  readonly frame = new Uint8Array(1515);
  fromVm: Uint8Array[] = [];
  toVm: Uint8Array[] = [];
  readAnswer = NOT_NOW;
  writeAnswer = 0;
  watching: (() => void) | undefined;
  closed = false;

  read(): number {
    const next = this.fromVm.shift();
    if (next === undefined) return this.readAnswer;
    this.frame.set(next.subarray(0, this.frame.length));
    return Math.min(next.length, this.frame.length);
  }

  write(memory: Uint8Array, offset: number, bytes: number): number {
    if (this.writeAnswer < 0) return this.writeAnswer;
    this.toVm.push(memory.slice(offset, offset + bytes));
    return bytes;
  }

  watch(readable: () => void): void {
    this.watching = readable;
  }

  unwatch(): void {
    this.watching = undefined;
  }

  close(): void {
    this.closed = true;
  }
}

const options = { name: 'tap0', mtuBytes: 1500, up: true, persist: false };
const frames = (count: number, bytes = 60): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => new Uint8Array(bytes).fill(i));

let port: FakePort;
let queue: FakeQueue;
let log: MemoryLog;
let tap: Tap;
let wakes: number;

beforeEach(async () => {
  port = new FakePort();
  queue = new FakeQueue();
  log = new MemoryLog();
  wakes = 0;
  tap = new (class extends Tap {
    protected override openQueue(): TapQueue {
      return queue as unknown as TapQueue;
    }
  })(options, port, log);
  await tap.open();
  tap.attach(() => wakes++);
});

describe('frames from the interface', () => {
  it('go to the port in order, with one flush, and then the interface is watched', () => {
    const sent = frames(5);
    queue.fromVm = [...sent];
    expect(tap.poll(0)).toBe(Number.POSITIVE_INFINITY);
    expect(port.sent).toEqual(sent);
    expect(port.flushes).toBe(1);
    queue.watching?.();
    expect(wakes).toBe(1);
  });

  it('cost no flush when there are none', () => {
    tap.poll(0);
    expect(port.flushes).toBe(0);
  });

  it('are read 256 in a poll, which then asks for the next at once and does not watch meanwhile', () => {
    queue.fromVm = frames(300);
    expect(tap.poll(7)).toBe(7);
    expect(port.sent.length).toBe(256);
    expect(queue.watching).toBeUndefined();
    expect(tap.poll(7)).toBe(Number.POSITIVE_INFINITY);
    expect(port.sent.length).toBe(300);
  });

  it('are not read while the port has no room, which is asked for ever less often', () => {
    port.capacity = 2;
    queue.fromVm = frames(5);
    const waits = Array.from({ length: 9 }, () => tap.poll(1000) - 1000);
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
    expect(queue.fromVm.length).toBe(3);
    expect(queue.watching).toBeUndefined();
    port.capacity = 3;
    expect(tap.poll(1000)).toBe(1100);
    port.capacity = 9;
    expect(tap.poll(1000)).toBe(Number.POSITIVE_INFINITY);
    expect(port.sent).toEqual(frames(5));
  });

  it('that are too long for a slot are counted as such, and the rest is unharmed', () => {
    queue.fromVm = [...frames(1), new Uint8Array(4000), ...frames(1)];
    tap.poll(0);
    expect(port.sent.length).toBe(2);
    expect(port.refused).toEqual([DropReason.Oversize]);
  });

  it('are looked for by polling when nobody gave a wake', async () => {
    const alone = new (class extends Tap {
      protected override openQueue(): TapQueue {
        return queue as unknown as TapQueue;
      }
    })(options, port, log);
    await alone.open();
    expect(alone.poll(0)).toBe(10_000);
  });
});

describe('frames for the interface', () => {
  it('are written from the pool and released', () => {
    const waiting = frames(3, 100);
    port.waiting = waiting;
    expect(tap.poll(0)).toBe(Number.POSITIVE_INFINITY);
    expect(queue.toVm).toEqual(waiting);
    expect(port.waiting).toEqual([]);
  });

  it('are written 256 in a poll, which then asks to be called at once', () => {
    port.waiting = frames(257);
    expect(tap.poll(3)).toBe(3);
    expect(port.waiting.length).toBe(1);
  });

  it('wait in the ring while the interface is down', () => {
    port.waiting = frames(3);
    queue.writeAnswer = NOT_NOW;
    expect(tap.poll(0)).toBe(10_000);
    expect(port.waiting.length).toBe(3);
    queue.writeAnswer = 0;
    expect(tap.poll(10_000)).toBe(Number.POSITIVE_INFINITY);
    expect(port.waiting).toEqual([]);
  });

  it('that the kernel will never take do not stop those behind', () => {
    port.waiting = frames(3);
    queue.writeAnswer = -3;
    tap.poll(0);
    expect(port.waiting).toEqual([]);
    expect(log.entries.length).toBe(3);
  });
});

describe('an interface that was deleted', () => {
  it('is told once, its descriptor closed, and waiting frames left in the ring', () => {
    port.waiting = frames(3);
    queue.readAnswer = GONE;
    expect(tap.poll(0)).toBe(Number.POSITIVE_INFINITY);
    expect(tap.poll(0)).toBe(Number.POSITIVE_INFINITY);
    expect(queue.closed).toBe(true);
    expect(port.waiting.length).toBe(3);
    expect(log.entries).toEqual([{ level: 'warn', message: expect.stringMatching(/tap0 was deleted/) }]);
  });
});

it('is declared as device-emulator tap', () => {
  expect(definition).toMatchObject({ kind: 'device-emulator', name: 'tap', apiVersion: 1 });
});
