import { RING_CONTROL_WORDS, RING_TAIL_WORD, ringGroupBytes } from './layout.ts';

/** V8 keeps the content of a typed array of up to 64 bytes on its heap, where it may move: no constant address. */
const LEAST_COMPILED_IN = 17;

/**
 * Bounded single-producer single-consumer rings of 32-bit words, all of one size, in one piece of shared memory:
 *
 * ```
 *  control:  │ head … 128 bytes │ tail … 128 bytes │  per ring      head: written by the consumer
 *  entries:  │ size words │                           per ring      tail: written by the producer
 * ```
 *
 * Head and tail grow without bound (modulo 2^32); `tail - head` is the fill. Each side publishes with one `Atomics`
 * store per batch. Hot loops may use `control`, `entries` and `mask` directly; the methods are the reference.
 *
 * @example
 * ```ts
 * import { RingGroup } from '@fairlead/core';
 *
 * const memory = new SharedArrayBuffer(RingGroup.byteLength(1, 8));
 * const producer = new RingGroup(memory, 0, 1, 8);
 * const consumer = new RingGroup(memory, 0, 1, 8);
 * producer.stage(0, 42);
 * producer.publish(0);
 * console.log(consumer.length(0), consumer.entry(0, 0)); // 1 42
 * ```
 */
export class RingGroup {
  // `declare`: the fields come to be in the constructor. One that a class field had first made undefined could hold
  // anything for all V8 knows, and every access within a loop would check what it holds.
  /** Rings of the group. */
  declare readonly rings: number;
  /** Entries of each ring, a power of two. */
  declare readonly size: number;
  /** What an entry's number is taken through to find its place. */
  declare readonly mask: number;
  /** Heads and tails, on cache lines of their own. */
  declare readonly control: Int32Array;
  /** The entries of all rings. */
  declare readonly entries: Int32Array;
  /** The producer's last sight of each head, so that it looks at the other side's line only when it seems full. */
  readonly #headSeen: Int32Array;
  /** The consumer's last sight of each tail. */
  readonly #tailSeen: Int32Array;
  /** Where the producer writes next; ahead of the published tail while entries are staged. */
  readonly #staged: Int32Array;
  /** Producer: writes and publishes up to `count` of `values`; returns how many fitted. */
  declare readonly enqueue: (ring: number, values: Int32Array, count: number) => number;
  /** Consumer: copies up to `max` entries from the head without taking them; returns how many. */
  declare readonly peek: (ring: number, out: Int32Array, max: number) => number;
  /** Consumer: takes `count` entries, giving their room back to the producer. */
  declare readonly consume: (ring: number, count: number) => void;

  constructor(memory: SharedArrayBuffer, byteOffset: number, rings: number, size: number) {
    this.rings = rings;
    this.size = size;
    this.mask = size - 1;
    this.control = new Int32Array(memory, byteOffset, rings * RING_CONTROL_WORDS);
    this.entries = new Int32Array(memory, byteOffset + rings * RING_CONTROL_WORDS * 4, rings * size);
    const positions = Math.max(rings, LEAST_COMPILED_IN);
    this.#headSeen = new Int32Array(positions);
    this.#tailSeen = new Int32Array(positions);
    this.#staged = new Int32Array(positions);
    for (let ring = 0; ring < rings; ring++) {
      this.#headSeen[ring] = this.control[ring * RING_CONTROL_WORDS];
      this.#tailSeen[ring] = this.#headSeen[ring];
      this.#staged[ring] = this.control[ring * RING_CONTROL_WORDS + RING_TAIL_WORD];
    }
    this.enqueue = createEnqueue(this, this.#staged, this.#headSeen);
    this.peek = createPeek(this, this.#tailSeen);
    this.consume = createConsume(this.control);
  }

  /** Bytes that so many rings of a size take. */
  static byteLength(rings: number, size: number): number {
    return ringGroupBytes(rings, size);
  }

  /** Producer: free entries. */
  room(ring: number): number {
    this.#headSeen[ring] = Atomics.load(this.control, ring * RING_CONTROL_WORDS);
    return this.size - ((this.#staged[ring] - this.#headSeen[ring]) | 0);
  }

  /** Producer: writes one entry that the consumer sees after `publish`. False when the ring is full. */
  stage(ring: number, value: number): boolean {
    const staged = this.#staged[ring];
    if (((staged - this.#headSeen[ring]) | 0) >= this.size && this.room(ring) <= 0) return false;
    this.entries[ring * this.size + (staged & this.mask)] = value;
    this.#staged[ring] = staged + 1;
    return true;
  }

  /** Producer: makes staged entries visible. */
  publish(ring: number): void {
    Atomics.store(this.control, ring * RING_CONTROL_WORDS + RING_TAIL_WORD, this.#staged[ring]);
  }

  /** Published entries, seen from any thread. */
  length(ring: number): number {
    const word = ring * RING_CONTROL_WORDS;
    return (Atomics.load(this.control, word + RING_TAIL_WORD) - Atomics.load(this.control, word)) | 0;
  }

  /** Consumer: how many entries have been taken, modulo 2^32. */
  head(ring: number): number {
    return this.control[ring * RING_CONTROL_WORDS];
  }

  /** Entry `index` behind the head, for audits of a quiet ring. */
  entry(ring: number, index: number): number {
    return this.entries[ring * this.size + ((this.control[ring * RING_CONTROL_WORDS] + index) & this.mask)];
  }
}

/** A hot function: a closure over constants, as docs/adr/0004 says. */
function createEnqueue(group: RingGroup, staged: Int32Array, headSeen: Int32Array): RingGroup['enqueue'] {
  const { control, entries, size, mask } = group;
  const fixed = { control, entries, size, mask, staged, headSeen, words: RING_CONTROL_WORDS, tailWord: RING_TAIL_WORD };
  return function enqueue(ring, values, count) {
    const { control, entries, size, mask, staged, headSeen, words, tailWord } = fixed;
    const word = Math.imul(ring, words);
    const tail = staged[ring];
    let room = (size - ((tail - headSeen[ring]) | 0)) | 0;
    if (room < count) {
      headSeen[ring] = Atomics.load(control, word);
      room = (size - ((tail - headSeen[ring]) | 0)) | 0;
    }
    const n = count < room ? count : room;
    if (n <= 0) return 0;
    // Two runs, up to the end of the ring and from its start, so that no index within them has to be wrapped.
    const base = Math.imul(ring, size);
    const from = tail & mask;
    const end = (size - from) | 0;
    const first = n < end ? n : end;
    copyWords(values, 0, entries, (base + from) | 0, first);
    if (first < n) copyWords(values, first, entries, base, (n - first) | 0);
    staged[ring] = (tail + n) | 0;
    Atomics.store(control, word + tailWord, (tail + n) | 0);
    return n;
  };
}

/** A hot function, as `createEnqueue`. */
function createPeek(group: RingGroup, tailSeen: Int32Array): RingGroup['peek'] {
  const { control, entries, size, mask } = group;
  const fixed = { control, entries, size, mask, tailSeen, words: RING_CONTROL_WORDS, tailWord: RING_TAIL_WORD };
  return function peek(ring, out, max) {
    const { control, entries, size, mask, tailSeen, words, tailWord } = fixed;
    const word = Math.imul(ring, words);
    const head = control[word];
    let fill = (tailSeen[ring] - head) | 0;
    if (fill < max) {
      tailSeen[ring] = Atomics.load(control, word + tailWord);
      fill = (tailSeen[ring] - head) | 0;
    }
    let n = fill < max ? fill : max;
    // A fill outside the ring is a producer's fault; take nothing that it could not have written.
    if (n < 0) n = 0;
    else if (n > size) n = size;
    const base = Math.imul(ring, size);
    const from = head & mask;
    const end = (size - from) | 0;
    const first = n < end ? n : end;
    copyWords(entries, (base + from) | 0, out, 0, first);
    if (first < n) copyWords(entries, base, out, first, (n - first) | 0);
    return n;
  };
}

/** A hot function, as `createEnqueue`. */
function createConsume(control: Int32Array): RingGroup['consume'] {
  const fixed = { control, words: RING_CONTROL_WORDS };
  return function consume(ring, count) {
    const { control, words } = fixed;
    const word = Math.imul(ring, words);
    Atomics.store(control, word, (control[word] + count) | 0);
  };
}

/** Eight at a time: a loop's own work, its index and V8's look for interrupts, costs more than copying a word. */
function copyWords(source: Int32Array, from: number, target: Int32Array, to: number, count: number): void {
  const whole = count & ~7;
  for (let i = 0; i < whole; i = (i + 8) | 0) {
    target[(to + i) | 0] = source[(from + i) | 0];
    target[(to + i + 1) | 0] = source[(from + i + 1) | 0];
    target[(to + i + 2) | 0] = source[(from + i + 2) | 0];
    target[(to + i + 3) | 0] = source[(from + i + 3) | 0];
    target[(to + i + 4) | 0] = source[(from + i + 4) | 0];
    target[(to + i + 5) | 0] = source[(from + i + 5) | 0];
    target[(to + i + 6) | 0] = source[(from + i + 6) | 0];
    target[(to + i + 7) | 0] = source[(from + i + 7) | 0];
  }
  for (let i = whole; i < count; i = (i + 1) | 0) target[(to + i) | 0] = source[(from + i) | 0];
}
