/**
 * A bitmap of rings that have something in them. The producer sets a ring's bit after it has published; the consumer
 * takes a whole word of bits at once before it looks at the rings. So 10,000 quiet rings cost 313 reads a sweep, and a
 * ring that is busy costs its producer one read.
 *
 * @example
 * ```ts
 * import { Arena, createArena } from '@fairlead/core/stages';
 *
 * const shape = { vms: 2, nics: 1, workers: 1, poolFrames: 1024, slotBytes: 2048, txRingFrames: 16, rxRingFrames: 16 };
 * const handle = createArena({ ...shape, nicRingFrames: 64 }, { nics: ['uplink0'], vms: ['web', 'db'] });
 * const arena = new Arena(handle, 0);
 * import type { Doorbell } from '@fairlead/core/stages';
 *
 * const bell: Doorbell = arena.txDoorbells[0];
 * bell.ring(1);
 * console.log(bell.rung()); // true: VM 1 has something to send
 * ```
 */
export class Doorbell {
  /** A bit for each thing that may call. */
  readonly words: Int32Array;

  constructor(memory: SharedArrayBuffer, byteOffset: number, words: number) {
    this.words = new Int32Array(memory, byteOffset, words);
  }

  /** Says that something waits at `index`. */
  ring(index: number): void {
    const word = index >>> 5;
    const bit = 1 << (index & 31);
    if ((Atomics.load(this.words, word) & bit) === 0) Atomics.or(this.words, word, bit);
  }

  /** Moves all set bits into `ready`, but for those of `deaf`, which are forgotten. */
  collect(ready: Int32Array, deaf: Int32Array): void {
    const { words } = this;
    for (let i = 0; i < words.length; i++) {
      if (eightQuiet(words, i)) i += 7;
      else if (words[i] !== 0) ready[i] |= Atomics.exchange(words, i, 0) & ~deaf[i];
    }
  }

  /** True when a bit is set, seen with the order of `Atomics`: the last look before going to sleep. */
  rung(): boolean {
    for (let i = 0; i < this.words.length; i++) if (Atomics.load(this.words, i) !== 0) return true;
    return false;
  }
}

/** True when no bit is set in the eight words from a multiple of eight on. */
export function eightQuiet(words: Int32Array, at: number): boolean {
  if ((at & 7) !== 0 || at + 8 > words.length) return false;
  const first = words[at] | words[at + 1] | words[at + 2] | words[at + 3];
  return (first | words[at + 4] | words[at + 5] | words[at + 6] | words[at + 7]) === 0;
}
