// Run in a process of its own: `node ring.js BATCH SECONDS` prints {"millionsPerSecond":…}. The peer is ../peer/ring.c,
// which says what is measured and what is left out. Who finds the ring empty or full looks again a little later, as a
// forwarding loop does, which has a sweep to finish: a look takes the line of the index from the other side, whose next
// store to it then waits. The peer's stores do not wait, and it is faster when it looks again at once; so it does.
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { RingGroup } from '@fairlead/core/stages';
import { keepThreadOn } from '../thread-cpu.ts';

const RING = 4096;
const SLICE = 131_072;
const LONGEST_SLICE_MS = 2;
const WARM_PART = 0.25;
/** Turns of an empty loop, together about as long as a sweep that finds nothing to do: some hundred nanoseconds. */
const PAUSE_TURNS = 1000;

interface Shared {
  readonly memory: SharedArrayBuffer;
  readonly stop: Int32Array;
  readonly batch: number;
}

/** Puts 0, 1, 2, … into the ring until it is told to stop. */
function produce({ memory, stop, batch }: Shared): void {
  keepThreadOn(1);
  const ring = new RingGroup(memory, 0, 1, RING);
  const values = new Int32Array(batch);
  for (let next = 0; stop[0] === 0; next = (next + batch) | 0) {
    number(values, next, batch);
    while (ring.enqueue(0, values, batch) === 0 && stop[0] === 0) pause();
  }
}

function pause(): void {
  for (let i = 0; i < PAUSE_TURNS; i = (i + 1) | 0);
}

// Eight at a time, as `RingGroup` copies and as C does it: what is measured is the ring.
function number(values: Int32Array, first: number, count: number): void {
  const whole = count & ~7;
  for (let i = 0; i < whole; i = (i + 8) | 0) {
    values[i] = (first + i) | 0;
    values[i + 1] = (first + i + 1) | 0;
    values[i + 2] = (first + i + 2) | 0;
    values[i + 3] = (first + i + 3) | 0;
    values[i + 4] = (first + i + 4) | 0;
    values[i + 5] = (first + i + 5) | 0;
    values[i + 6] = (first + i + 6) | 0;
    values[i + 7] = (first + i + 7) | 0;
  }
  for (let i = whole; i < count; i = (i + 1) | 0) values[i] = (first + i) | 0;
}

/** Takes one slice, and checks every element. The first is to be `first`. */
function takeSlice(ring: RingGroup, out: Int32Array, first: number, batch: number): void {
  for (let taken = 0; taken < SLICE; ) {
    const count = ring.peek(0, out, batch);
    if (count === 0) {
      pause();
      continue;
    }
    ring.consume(0, count);
    if (!isInOrder(out, (first + taken) | 0, count))
      throw new Error(`an element is out of order behind ${first + taken}`);
    taken += count;
  }
}

function isInOrder(out: Int32Array, first: number, count: number): boolean {
  const whole = count & ~7;
  let wrong = 0;
  for (let i = 0; i < whole; i = (i + 8) | 0) {
    wrong |= ((out[i] as number) ^ ((first + i) | 0)) | ((out[i + 1] as number) ^ ((first + i + 1) | 0));
    wrong |= ((out[i + 2] as number) ^ ((first + i + 2) | 0)) | ((out[i + 3] as number) ^ ((first + i + 3) | 0));
    wrong |= ((out[i + 4] as number) ^ ((first + i + 4) | 0)) | ((out[i + 5] as number) ^ ((first + i + 5) | 0));
    wrong |= ((out[i + 6] as number) ^ ((first + i + 6) | 0)) | ((out[i + 7] as number) ^ ((first + i + 7) | 0));
  }
  for (let i = whole; i < count; i = (i + 1) | 0) wrong |= (out[i] as number) ^ ((first + i) | 0);
  return wrong === 0;
}

function consume({ memory, batch }: Shared, seconds: number): number {
  const ring = new RingGroup(memory, 0, 1, RING);
  const out = new Int32Array(batch);
  let first = 0;
  let taken = 0;
  let takingMs = 0;
  const warmMs = performance.now() + seconds * 1000 * WARM_PART;
  const endMs = warmMs + seconds * 1000;
  for (let atMs = performance.now(); atMs < endMs; first = (first + SLICE) | 0) {
    takeSlice(ring, out, first, batch);
    const thenMs = atMs;
    atMs = performance.now();
    if (thenMs < warmMs || atMs - thenMs > LONGEST_SLICE_MS) continue;
    takingMs += atMs - thenMs;
    taken += SLICE;
  }
  if (taken === 0) throw new Error('the two cores were never both free');
  return taken / takingMs / 1e3;
}

async function measureRing(batch: number, seconds: number): Promise<void> {
  keepThreadOn(0);
  const memory = new SharedArrayBuffer(RingGroup.byteLength(1, RING));
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const shared: Shared = { memory, stop, batch };
  const producer = new Worker(new URL(import.meta.url), { workerData: shared });
  const ended = new Promise((resolve, reject) => producer.once('error', reject).once('exit', resolve));
  await new Promise((resolve) => producer.once('online', resolve));
  const millionsPerSecond = consume(shared, seconds);
  Atomics.store(stop, 0, 1);
  await ended;
  console.log(JSON.stringify({ millionsPerSecond }));
}

if (isMainThread) {
  const [batch = 32, seconds = 1] = process.argv.slice(2).map(Number);
  await measureRing(batch, seconds);
} else {
  produce(workerData as Shared);
}
