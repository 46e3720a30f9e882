import { MAGAZINE_FRAMES, type MemoryLayout, SLOT_GAP_BYTES, THREAD_WORDS } from './layout.ts';

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
 * Free slots are in magazines (Bonwick & Adams 2001). A thread takes from and gives to one of its own; when that is
 * empty, or has no room, it exchanges it at the depot, two lock-free stacks of magazines (Treiber 1986) whose heads
 * carry a tag against ABA. So allocating costs an array read on any thread, what was freed last is used first, and no
 * slot is bound to the thread that used it first.
 *
 * A magazine holds twice the slots of a burst, so that there is room for a whole one unless it is more than half full.
 *
 * @example
 * ```ts
 * import { Arena, createArena } from '@fairlead/core/stages';
 *
 * const shape = { vms: 2, nics: 1, workers: 1, poolFrames: 1024, slotBytes: 2048, txRingFrames: 16, rxRingFrames: 16 };
 * const handle = createArena({ ...shape, nicRingFrames: 64 }, { nics: ['uplink0'], vms: ['web', 'db'] });
 * const arena = new Arena(handle, 0);
 * import { type FramePool, HEADROOM_BYTES } from '@fairlead/core/stages';
 *
 * const pool: FramePool = arena.pool;
 * const slot = pool.allocate(); // -1 when none is free
 * pool.memory.fill(0xff, pool.offset(slot), pool.offset(slot) + 60);
 * const descriptor = pool.descriptor(slot, 60);
 * console.log(descriptor & pool.lengthMask, pool.slotBytes - HEADROOM_BYTES === pool.maxFrameBytes); // 60 true
 * ```
 */
export class FramePool {
  /** Slots of the pool. */
  readonly slots: number;
  /** Bytes of a slot, headroom and frame together; a power of two. */
  readonly slotBytes: number;
  /** Bytes from one slot to the next. */
  readonly slotStride: number;
  /** Bits of a descriptor that hold the length. */
  readonly lengthBits: number;
  /** Those bits. */
  readonly lengthMask: number;
  /** 32-bit words from one slot to the next. */
  readonly wordsPerSlot: number;
  /** Longest frame that fits a slot. */
  readonly maxFrameBytes: number;
  /** The slots, as bytes. */
  readonly memory: Uint8Array;
  /** The slots, as words: the MAC addresses are read from here. */
  readonly words: Int32Array;
  /** VM whose frame is in the slot: for accounts of frames that come back from a NIC. */
  readonly slotVm: Int32Array;
  /** The slots in all magazines. */
  readonly magazines: Int32Array;
  /** This thread's magazine: its number and how many slots are in it. Shared, for an audit after the thread's death. */
  readonly held: Int32Array;
  readonly #heads: Int32Array;
  readonly #next: Int32Array;
  /** How many slots are in each magazine of the depot. */
  readonly #fills: Int32Array;

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
    this.held = new Int32Array(buffer, at.heldMagazines + thread * THREAD_WORDS * 4, THREAD_WORDS);
    this.#heads = new Int32Array(buffer, at.magazines, 2 * THREAD_WORDS);
    const perMagazine = at.magazines + 2 * THREAD_WORDS * 4;
    const { magazineCount } = layout;
    this.#next = new Int32Array(buffer, perMagazine, magazineCount);
    this.#fills = new Int32Array(buffer, perMagazine + magazineCount * 4, magazineCount);
    this.magazines = new Int32Array(buffer, perMagazine + magazineCount * 8, magazineCount * MAGAZINE_FRAMES);
  }

  /** Gives every thread an empty magazine, and puts every slot into the depot. Once per host. */
  static stock(buffer: SharedArrayBuffer, layout: MemoryLayout): void {
    const pool = new FramePool(buffer, layout, 0);
    const { threads, magazineCount } = layout;
    for (let thread = 0; thread < threads; thread++) new FramePool(buffer, layout, thread).held[HELD_MAGAZINE] = thread;
    for (let magazine = magazineCount - 1; magazine >= threads; magazine--) pool.#push(EMPTY, magazine);
    for (let slot = layout.shape.poolFrames - 1; slot >= 0; slot--) pool.free(slot);
  }

  /** A free slot, or -1 when the pool has none. Its content is undefined. */
  allocate(): number {
    const { held } = this;
    if (held[HELD_FILL] === 0 && !this.#reload()) return -1;
    const fill = held[HELD_FILL] - 1;
    held[HELD_FILL] = fill;
    return this.magazines[held[HELD_MAGAZINE] * CAPACITY + fill];
  }

  /** Gives a slot back. The caller must have owned it. */
  free(slot: number): void {
    const { held } = this;
    if (held[HELD_FILL] === CAPACITY) this.#unload();
    const fill = held[HELD_FILL];
    this.magazines[held[HELD_MAGAZINE] * CAPACITY + fill] = slot;
    held[HELD_FILL] = fill + 1;
  }

  /** Gives back the first `count` of `slots`. */
  freeAll(slots: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) this.free(slots[i]);
  }

  /** Sees to it that this thread's magazine has room for a burst. */
  makeRoom(): void {
    if (this.held[HELD_FILL] > HALF) this.#unload();
  }

  /** Exchanges an empty magazine for one with slots in it; false when there is none. */
  #reload(): boolean {
    const { held } = this;
    const loaded = this.#pop(FULL);
    if (loaded < 0) return false;
    const empty = held[HELD_MAGAZINE];
    held[HELD_MAGAZINE] = loaded;
    held[HELD_FILL] = this.#fills[loaded];
    this.#push(EMPTY, empty);
    return true;
  }

  /** Exchanges a magazine that is more than half full for an empty one: there is one for every 64 slots, and to spare. */
  #unload(): void {
    const { held } = this;
    const full = held[HELD_MAGAZINE];
    this.#fills[full] = held[HELD_FILL];
    held[HELD_FILL] = 0;
    held[HELD_MAGAZINE] = this.#pop(EMPTY);
    this.#push(FULL, full);
  }

  /** The word that names a frame: its slot and its length in bytes. */
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
    const pool = new FramePool(buffer, layout, 0);
    const eachOf = (magazine: number, fill: number): void => {
      for (let i = 0; i < fill; i++) each(pool.magazines[magazine * CAPACITY + i]);
    };
    for (let thread = 0; thread < layout.threads; thread++) {
      const { held } = new FramePool(buffer, layout, thread);
      eachOf(held[HELD_MAGAZINE], held[HELD_FILL]);
    }
    let magazine = (pool.#heads[FULL] & 0xffff) - 1;
    for (; magazine >= 0; magazine = pool.#next[magazine]) eachOf(magazine, pool.#fills[magazine]);
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

/** Words of `held`. */
export const HELD_MAGAZINE = 0;
export const HELD_FILL = 1;

/* Where the heads of the depot's stacks are. */
const FULL = 0;
const EMPTY = THREAD_WORDS;

// V8 reads an imported constant from memory, and checks it, at every use; one of the module's own it compiles in.
const CAPACITY = MAGAZINE_FRAMES;
const HALF = MAGAZINE_FRAMES / 2;
