import { LOCAL_FRAMES, MAGAZINE_FRAMES, type MemoryLayout, SLOT_GAP_BYTES, THREAD_WORDS } from './layout.ts';

/** Free bytes before a frame, so that its source MAC (byte 6) is on a 4-byte boundary. */
export const HEADROOM_BYTES = 2;

/**
 * Fixed slots for frames. A frame is named by one word, its descriptor: `slot << lengthBits | length`. It has one owner
 * at any time, and ownership moves with the descriptor.
 *
 * ```
 *  slot:   │ 2 bytes │ destination MAC 6 │ source MAC 6 │ type 2 │ payload …
 *  words:  └── 0 ────────┘└── 1 ──┘└── 2 ──┘└── 3 ──────┘
 * ```
 *
 * Free slots are kept per thread; a thread that has too many or none exchanges a magazine of 64 with the depot, two
 * lock-free stacks (Treiber 1986) whose heads carry a tag against ABA. So allocating costs an array read, on any
 * thread, and no slot is bound to the thread that used it first.
 */
export class FramePool {
  readonly slots: number;
  readonly slotBytes: number;
  /** Bytes from one slot to the next. */
  readonly slotStride: number;
  readonly lengthBits: number;
  readonly lengthMask: number;
  readonly wordsPerSlot: number;
  readonly maxFrameBytes: number;
  readonly memory: Uint8Array;
  readonly words: Int32Array;
  /** VM whose frame is in the slot: for accounts of frames that come back from a NIC. */
  readonly slotVm: Int32Array;
  /** This thread's free slots. */
  readonly #stack: Int32Array;
  /** Word 0: how many of them there are. Shared, so that an audit can see what a dead thread held. */
  readonly #top: Int32Array;
  readonly #heads: Int32Array;
  readonly #next: Int32Array;
  readonly #magazines: Int32Array;
  readonly #stow: Stow;

  constructor(buffer: SharedArrayBuffer, layout: MemoryLayout, thread: number) {
    const { shape, at } = layout;
    this.slots = shape.poolFrames;
    this.slotBytes = shape.slotBytes;
    this.lengthBits = Math.log2(shape.slotBytes);
    this.lengthMask = shape.slotBytes - 1;
    this.slotStride = shape.slotBytes + SLOT_GAP_BYTES;
    this.wordsPerSlot = this.slotStride / 4;
    this.maxFrameBytes = shape.slotBytes - HEADROOM_BYTES;
    this.memory = new Uint8Array(buffer, at.frames, shape.poolFrames * this.slotStride);
    this.words = new Int32Array(buffer, at.frames, shape.poolFrames * this.wordsPerSlot);
    this.slotVm = new Int32Array(buffer, at.slotVm, shape.poolFrames);
    const local = at.localStacks + thread * (THREAD_WORDS + LOCAL_FRAMES) * 4;
    this.#top = new Int32Array(buffer, local, 1);
    this.#stack = new Int32Array(buffer, local + THREAD_WORDS * 4, LOCAL_FRAMES);
    this.#stow = createStow(this.#stack, this.#top);
    this.#heads = new Int32Array(buffer, at.magazines, 2 * THREAD_WORDS);
    this.#next = new Int32Array(buffer, at.magazines + 2 * THREAD_WORDS * 4, layout.magazineCount);
    this.#magazines = new Int32Array(
      buffer,
      at.magazines + (2 * THREAD_WORDS + layout.magazineCount) * 4,
      layout.magazineCount * MAGAZINE_FRAMES,
    );
  }

  /** Puts every slot into the depot. Once per host, before any thread allocates. */
  static stock(buffer: SharedArrayBuffer, layout: MemoryLayout): void {
    const pool = new FramePool(buffer, layout, 0);
    for (let magazine = layout.magazineCount - 1; magazine >= 0; magazine--) pool.#push(EMPTY, magazine);
    for (let slot = layout.shape.poolFrames - 1; slot >= 0; slot--) pool.free(slot);
  }

  /** A free slot, or -1 when the pool has none. Its content is undefined. */
  allocate(): number {
    let top = this.#top[0];
    if (top === 0) {
      const magazine = this.#pop(FULL);
      if (magazine < 0) return -1;
      const from = magazine * MAGAZINE_FRAMES;
      for (let i = 0; i < MAGAZINE_FRAMES; i++) this.#stack[i] = this.#magazines[from + i];
      this.#push(EMPTY, magazine);
      top = MAGAZINE_FRAMES;
    }
    this.#top[0] = top - 1;
    return this.#stack[top - 1];
  }

  /** Gives a slot back. The caller must have owned it. */
  free(slot: number): void {
    if (this.#top[0] === LOCAL_FRAMES) this.#unload();
    const top = this.#top[0];
    this.#stack[top] = slot;
    this.#top[0] = top + 1;
  }

  /** Brings the upper half of a full local stack to the depot. There is a magazine for every 64 slots, and to spare. */
  #unload(): void {
    const magazine = this.#pop(EMPTY);
    const from = magazine * MAGAZINE_FRAMES;
    for (let i = 0; i < MAGAZINE_FRAMES; i++) this.#magazines[from + i] = this.#stack[MAGAZINE_FRAMES + i];
    this.#push(FULL, magazine);
    this.#top[0] = MAGAZINE_FRAMES;
  }

  /** Gives back the first `count` of `slots`. */
  freeAll(slots: Int32Array, count: number): void {
    for (let done = 0; done < count; ) {
      if (this.#top[0] === LOCAL_FRAMES) this.#unload();
      done = this.#stow(slots, done, count);
    }
  }

  descriptor(slot: number, bytes: number): number {
    return (slot << this.lengthBits) | bytes;
  }

  /** Byte offset of the frame in `memory`. */
  offset(slot: number): number {
    return slot * this.slotStride + HEADROOM_BYTES;
  }

  /** True when a word that came from another thread can be a descriptor. */
  isDescriptor(descriptor: number): boolean {
    return descriptor >>> this.lengthBits < this.slots && (descriptor & this.lengthMask) <= this.maxFrameBytes;
  }

  /** Calls `each` for every free slot of the depot and of all threads. Only while all threads are quiet. */
  static forEachFree(buffer: SharedArrayBuffer, layout: MemoryLayout, each: (slot: number) => void): void {
    for (let thread = 0; thread < layout.threads; thread++) {
      const pool = new FramePool(buffer, layout, thread);
      for (let i = 0; i < pool.#top[0]; i++) each(pool.#stack[i]);
      if (thread > 0) continue;
      for (let magazine = (pool.#heads[FULL] & 0xffff) - 1; magazine >= 0; magazine = pool.#next[magazine]) {
        for (let i = 0; i < MAGAZINE_FRAMES; i++) each(pool.#magazines[magazine * MAGAZINE_FRAMES + i]);
      }
    }
  }

  /* Head word: tag in the upper half, magazine number + 1 in the lower (0: the stack is empty). */
  #push(stack: number, magazine: number): void {
    for (;;) {
      const head = Atomics.load(this.#heads, stack);
      this.#next[magazine] = (head & 0xffff) - 1;
      const next = ((head + 0x10000) & 0xffff0000) | (magazine + 1);
      if (Atomics.compareExchange(this.#heads, stack, head, next) === head) return;
    }
  }

  #pop(stack: number): number {
    for (;;) {
      const head = Atomics.load(this.#heads, stack);
      const magazine = (head & 0xffff) - 1;
      if (magazine < 0) return -1;
      const next = ((head + 0x10000) & 0xffff0000) | (this.#next[magazine] + 1);
      if (Atomics.compareExchange(this.#heads, stack, head, next) === head) return magazine;
    }
  }
}

/** Fills a local stack from `slots`, from index `from` on; returns the first index that did not fit. */
type Stow = (slots: Int32Array, from: number, count: number) => number;

/** A closure for the reason given in `path/hot-loops.ts`. */
function createStow(stack: Int32Array, top: Int32Array): Stow {
  return function stow(slots, from, count) {
    const start = top[0];
    const room = LOCAL_FRAMES - start;
    const n = count - from < room ? count - from : room;
    for (let i = 0; i < n; i = (i + 1) | 0) stack[start + i] = slots[from + i];
    top[0] = start + n;
    return from + n;
  };
}

const FULL = 0;
const EMPTY = THREAD_WORDS;
