import type { Arena } from '../memory/arena.ts';
import { RING_CONTROL_WORDS, RING_TAIL_WORD } from '../memory/layout.ts';

/** Reads what serving the VMs of one word of ready bits will need first; the sum it returns means nothing. */
export type Warm = (word: number, bits: number) => number;

/** VMs whose numbers of 64 bits share a line of a cache. */
const LINE_VMS = 8;

/**
 * With thousands of VMs, a ring was last touched so long ago that it has left the caches, and so have the VM's places in
 * the columns. Reading the lines of up to 32 rings one after the other, with nothing in between that depends on them,
 * overlaps their latencies; met one by one while serving they would each be waited for.
 */
export function createWarm(arena: Arena): Warm {
  const { entries, control, mask, size } = arena.txRings;
  const { macWord0, macWord1, backlogFrames, transmittedFrames, transmittedBytes, count } = arena.vms;
  const { team } = arena.networks;
  const fixed = {
    ring: { entries, control, mask, size, controlWords: RING_CONTROL_WORDS, tailWord: RING_TAIL_WORD },
    column: { macWord0, macWord1, backlogFrames, transmittedFrames, transmittedBytes, team, count },
  };
  return function warm(word, bits) {
    const { entries, control, mask, size, controlWords, tailWord } = fixed.ring;
    const { macWord0, macWord1, backlogFrames, transmittedFrames, transmittedBytes, team, count } = fixed.column;
    let sum = 0;
    for (let left = bits; left !== 0; left &= left - 1) {
      const vm = (word << 5) | (31 - Math.clz32(left & -left));
      const at = Math.imul(vm, controlWords);
      const head = control[at];
      const first = Math.imul(vm, size);
      sum ^= control[at + tailWord] ^ entries[first + (head & mask)] ^ entries[first + ((head + 16) & mask)];
    }
    const end = Math.min(count, (word + 1) << 5);
    for (let vm = word << 5; vm < end; vm += LINE_VMS) {
      sum += macWord0[vm] ^ macWord1[vm] ^ backlogFrames[vm] ^ team[vm];
      sum += transmittedFrames[vm] + transmittedBytes[vm];
    }
    return sum;
  };
}
