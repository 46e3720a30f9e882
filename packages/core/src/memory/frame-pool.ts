import { LOCAL_FRAMES, MAGAZINE_FRAMES, type MemoryLayout, THREAD_WORDS } from './layout.ts';

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

  constructor(buffer: SharedArrayBuffer, layout: MemoryLayout, thread: number) {
    const { shape, at } = layout;
    this.slots = shape.poolFrames;
    this.slotBytes = shape.slotBytes;
    this.lengthBits = Math.log2(shape.slotBytes);
    this.lengthMask = shape.slotBytes - 1;
    this.wordsPerSlot = shape.slotBytes / 4;
    this.maxFrameBytes = shape.slotBytes - HEADROOM_BYTES;
    this.memory = new Uint8Array(buffer, at.frames, shape.poolFrames * shape.slotBytes);
    this.words = new Int32Array(buffer, at.frames, shape.poolFrames * this.wordsPerSlot);
    this.slotVm = new Int32Array(buffer, at.slotVm, shape.poolFrames);
    const local = at.localStacks + thread * (THREAD_WORDS + LOCAL_FRAMES) * 4;
    this.#top = new Int32Array(buffer, local, 1);
    this.#stack = new Int32Array(buffer, local + THREAD_WORDS * 4, LOCAL_FRAMES);
    this.#heads = new Int32Array(buffer, at.magazines, 2 * THREAD_WORDS);
    this.#next = new Int32Array(buffer, at.magazines + 2 * THREAD_WORDS * 4, layout.magazineCount);
    this.#magazines = new Int32Array(
      buffer,
      at.magazines + (2 * THREAD_WORDS + layout.magazineCount) * 4,
      layout.magazineCount * MAGAZINE_FRAMES,
    );
  }

  /** Puts every slot into the depot. Once per host, before any thread allocates. */
  static fill(buffer: SharedArrayBuffer, layout: MemoryLayout): void {
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
      this.#stack.set(this.#magazines.subarray(magazine * MAGAZINE_FRAMES, (magazine + 1) * MAGAZINE_FRAMES));
      this.#push(EMPTY, magazine);
      top = MAGAZINE_FRAMES;
    }
    this.#top[0] = top - 1;
    return this.#stack[top - 1];
  }

  /** Gives a slot back. The caller must have owned it. */
  free(slot: number): void {
    let top = this.#top[0];
    if (top === LOCAL_FRAMES) {
      const magazine = this.#pop(EMPTY);
      if (magazine < 0) return; // cannot be: there is a magazine for every 64 slots and to spare
      this.#magazines.set(this.#stack.subarray(MAGAZINE_FRAMES, LOCAL_FRAMES), magazine * MAGAZINE_FRAMES);
      this.#push(FULL, magazine);
      top = MAGAZINE_FRAMES;
    }
    this.#stack[top] = slot;
    this.#top[0] = top + 1;
  }

  descriptor(slot: number, bytes: number): number {
    return (slot << this.lengthBits) | bytes;
  }

  /** Byte offset of the frame in `memory`. */
  offset(slot: number): number {
    return slot * this.slotBytes + HEADROOM_BYTES;
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

const FULL = 0;
const EMPTY = THREAD_WORDS;
