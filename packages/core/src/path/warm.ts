import type { Arena } from '../memory/arena.ts';
import { RING_CONTROL_WORDS, RING_TAIL_WORD } from '../memory/layout.ts';

/** Reads what serving the VMs of one word of ready bits will need first; the sum it returns means nothing. */
export type Warm = (word: number, bits: number) => number;

/**
 * With thousands of VMs, a ring was last touched so long ago that it has left the caches. Reading the lines of up to 32
 * rings one after the other, with nothing in between that depends on them, overlaps their latencies; met one by one
 * while serving they would each be waited for.
 */
export function createWarm(arena: Arena): Warm {
  const { entries, control, mask, size } = arena.txRings;
  const fixed = { entries, control, mask, size, controlWords: RING_CONTROL_WORDS, tailWord: RING_TAIL_WORD };
  return function warm(word, bits) {
    const { entries, control, mask, size, controlWords, tailWord } = fixed;
    let sum = 0;
    for (let left = bits; left !== 0; left &= left - 1) {
      const vm = (word << 5) | (31 - Math.clz32(left & -left));
      const at = Math.imul(vm, controlWords);
      const head = control[at];
      const first = Math.imul(vm, size);
      sum ^= control[at + tailWord] ^ entries[first + (head & mask)] ^ entries[first + ((head + 16) & mask)];
    }
    return sum;
  };
}
