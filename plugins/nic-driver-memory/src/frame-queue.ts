/**
 * Frames on their way, in order, as copies in memory of their own with the time at which each arrives. Bounded in
 * frames and in bytes; nothing is allocated after construction.
 *
 * ```
 *   bytes   │  free  │ frame 0 │ frame 1 │ … │ frame n │  free  │
 *                    ▲ start[head]                     ▲ #end
 * ```
 *
 * A frame lies in one piece; one that does not fit before the end of the memory begins at its front. It starts at the
 * same address modulo 4 as the original (frames in the pool start two bytes past a word, so that the source MAC is
 * aligned): both sides can then be copied a word at a time, without making a view of either.
 */
export class FrameQueue {
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #start: Int32Array;
  readonly #length: Int32Array;
  readonly #dueUs: Float64Array;
  #head = 0;
  #count = 0;
  #end = 0;
  /** The memory last copied from or to, and the same as words; the frame pool, but for frames injected by a test. */
  #other: Uint8Array = new Uint8Array(0);
  #otherWords: Int32Array | undefined;

  /** @param frames most frames that can be on their way; they have 2 KiB each of common room. */
  constructor(frames: number) {
    const buffer = new ArrayBuffer(Math.max(frames * 2048, 128 * 1024));
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer);
    this.#start = new Int32Array(frames);
    this.#length = new Int32Array(frames);
    this.#dueUs = new Float64Array(frames);
  }

  get count(): number {
    return this.#count;
  }

  /** When the first frame arrives, in microseconds; Infinity when none is on its way. */
  get dueUs(): number {
    return this.#count === 0 ? Number.POSITIVE_INFINITY : this.#dueUs[this.#head];
  }

  /** Length of the first frame in bytes. */
  get headBytes(): number {
    return this.#length[this.#head];
  }

  /** Copies a frame to the end of the queue. False, and nothing done, when there is no room. */
  push(memory: Uint8Array, at: number, bytes: number, dueUs: number): boolean {
    const place = this.#count === this.#start.length ? -1 : this.#placeFor(bytes, (memory.byteOffset + at) & 3);
    if (place < 0) return false;
    this.#look(memory);
    copy(this.#other, this.#otherWords, at, this.#bytes, this.#words, place, bytes);
    let slot = this.#head + this.#count;
    if (slot >= this.#start.length) slot -= this.#start.length;
    this.#start[slot] = place;
    this.#length[slot] = bytes;
    this.#dueUs[slot] = dueUs;
    this.#count++;
    this.#end = place + (bytes === 0 ? 1 : bytes);
    return true;
  }

  /** Takes the first frame off, its first `limitBytes` bytes to `memory[at]` onwards. */
  shift(memory: Uint8Array, at: number, limitBytes: number): void {
    const bytes = Math.min(this.#length[this.#head], limitBytes);
    this.#look(memory);
    copy(this.#bytes, this.#words, this.#start[this.#head], this.#other, this.#otherWords, at, bytes);
    this.discard();
  }

  /** Takes the first frame off and forgets it. */
  discard(): void {
    this.#head = this.#head + 1 === this.#start.length ? 0 : this.#head + 1;
    this.#count--;
    if (this.#count === 0) this.#end = 0;
  }

  /** Exchanges destination and source MAC of the frame pushed last. */
  swapLastMacs(): void {
    const last = (this.#head + this.#count - 1) % this.#start.length;
    const at = this.#start[last];
    for (let i = at; i < at + 6; i++) {
      const byte = this.#bytes[i];
      this.#bytes[i] = this.#bytes[i + 6];
      this.#bytes[i + 6] = byte;
    }
  }

  /** Where a frame of this length may lie, or -1. */
  #placeFor(bytes: number, phase: number): number {
    const place = ((this.#end + 3) & ~3) + phase;
    if (this.#count === 0) return place + bytes <= this.#bytes.length ? place : -1;
    const first = this.#start[this.#head];
    if (this.#end <= first) return place + bytes <= first ? place : -1;
    if (place + bytes <= this.#bytes.length) return place;
    return phase + bytes <= first ? phase : -1;
  }

  #look(memory: Uint8Array): void {
    if (memory === this.#other) return;
    this.#other = memory;
    this.#otherWords =
      (memory.byteOffset & 3) === 0 ? new Int32Array(memory.buffer, memory.byteOffset, memory.length >> 2) : undefined;
  }
}

/** Copies by words where both ends allow it, which is four times as fast as by bytes and allocates nothing. */
function copy(
  from: Uint8Array,
  fromWords: Int32Array | undefined,
  fromAt: number,
  to: Uint8Array,
  toWords: Int32Array | undefined,
  toAt: number,
  bytes: number,
): void {
  let i = 0;
  if (fromWords !== undefined && toWords !== undefined && ((fromAt ^ toAt) & 3) === 0) {
    const lead = Math.min((4 - (fromAt & 3)) & 3, bytes);
    for (; i < lead; i++) to[toAt + i] = from[fromAt + i];
    let target = (toAt + i) >> 2;
    let source = (fromAt + i) >> 2;
    for (; i + 4 <= bytes; i += 4) toWords[target++] = fromWords[source++];
  }
  for (; i < bytes; i++) to[toAt + i] = from[fromAt + i];
}
