import { ETHERNET_HEADER_BYTES, type NicTable } from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';
import { type FramePool, HEADROOM_BYTES } from '../memory/frame-pool.ts';
import { RING_CONTROL_WORDS, RING_TAIL_WORD } from '../memory/layout.ts';

/*
 * The loops that touch every frame, as closures over their arrays. A forwarding thread makes each of them once, and V8
 * takes what the only closure of a function captures for constants: no check of an array's kind, no load of its length
 * and address for each access. As methods that read the arrays from fields the same loops took twice the time
 * (`npm run bench -- --only transmit`). In a process with several hosts they still work, at the speed of methods.
 *
 * None of them makes a call.
 */

/** Reads frames `start` to `max` of a VM's ring while they are ordinary; returns the first index that is not. */
export type Scan = (vm: number, start: number, max: number) => number;

/**
 * `beyond` holds the one destination, as two words, that is known to be beyond this host; a frame for any other ends
 * the run.
 */
export function createScan(
  arena: Arena,
  portSecurity: boolean,
  beyond: Int32Array,
  frames: Int32Array,
  bytes: Int32Array,
): Scan {
  const { entries, control, mask, size } = arena.txRings;
  const { words, lengthBits, lengthMask, wordsPerSlot, slots } = arena.pool;
  const { macWord0, macWord1 } = arena.vms;
  // Without port security every source is its own.
  const care0 = portSecurity ? -1 : 0;
  const care1 = portSecurity ? 0xffff : 0;
  return function scan(vm, start, max) {
    const own0 = macWord0[vm];
    const own1 = macWord1[vm];
    const base = Math.imul(vm, size);
    const from = control[vm * RING_CONTROL_WORDS];
    const first = beyond[0];
    const last = beyond[1];
    let i = start;
    for (; i < max; i = (i + 1) | 0) {
      const descriptor = entries[base + ((from + i) & mask)];
      const slot = descriptor >>> lengthBits;
      const length = descriptor & lengthMask;
      if (slot >= slots || length < ETHERNET_HEADER_BYTES) break;
      const at = Math.imul(slot, wordsPerSlot);
      if (((words[at + 2] ^ own0) & care0) !== 0 || ((words[at + 3] ^ own1) & care1) !== 0) break;
      if (words[at + 1] !== last || words[at] >>> 16 !== first) break;
      frames[i] = descriptor;
      bytes[i] = length;
    }
    return i;
  };
}

/** One worker's queues on the NICs, as arrays: positions by NIC, entries of all queues in one. */
export interface QueueArrays {
  readonly entries: Int32Array;
  readonly tail: Int32Array;
  readonly head: Int32Array;
  /** Entry number of this worker's first queue. */
  readonly base: number;
  readonly size: number;
}

/** What a call of `Stage` has done. */
export interface Staged {
  frames: number;
  bytes: number;
  /** Bit set of the NICs whose queues have grown. */
  touched: number;
}

/**
 * Puts the first `count` frames on the queues of the NICs chosen for them. Returns how many, or -1 - i when frame i
 * names a NIC that is not in the set `available`.
 */
export type Stage = (count: number, available: number) => number;

/**
 * Works run by run of one NIC, so that its position and its pending bytes are read and written once a run: frame by
 * frame they are a chain of memory operations, the slowest part of the path.
 */
export function createStage(
  queues: QueueArrays,
  nics: NicTable,
  frames: Int32Array,
  bytes: Int32Array,
  chosen: Int32Array,
  staged: Staged,
): Stage {
  const { entries, tail, head, base, size } = queues;
  const { pendingBytes, count: nicCount } = nics;
  const mask = size - 1;
  return function stage(count, available) {
    let total = 0;
    let touched = staged.touched;
    let i = 0;
    let invalid = false;
    while (i < count) {
      const nic = chosen[i];
      if (nic >>> 0 >= nicCount || ((available >>> nic) & 1) === 0) {
        invalid = true;
        break;
      }
      const ring = base + Math.imul(nic, size);
      const start = tail[nic];
      let room = (size - ((start - head[nic]) | 0)) | 0;
      if (room <= 0) break; // its queue is full: this frame and all behind it wait
      let at = start;
      let run = 0;
      for (; i < count && room > 0 && chosen[i] === nic; i = (i + 1) | 0) {
        entries[ring + (at & mask)] = frames[i];
        run = (run + bytes[i]) | 0;
        at = (at + 1) | 0;
        room = (room - 1) | 0;
      }
      tail[nic] = at;
      pendingBytes[nic] += run;
      touched |= 1 << nic;
      total = (total + run) | 0;
    }
    staged.touched = touched;
    staged.bytes = total;
    staged.frames = i;
    return invalid ? -1 - i : i;
  };
}

/** Lists `count` frames of a queue, from position `head` on, for a driver; returns their bytes. */
export type List = (ring: number, head: number, count: number) => number;

export function createList(
  pool: FramePool,
  queues: QueueArrays,
  slots: Int32Array,
  offset: Int32Array,
  bytes: Int32Array,
): List {
  const { lengthBits, lengthMask, slotStride } = pool;
  const { entries, size } = queues;
  const mask = size - 1;
  return function list(ring, head, count) {
    let total = 0;
    for (let i = 0; i < count; i = (i + 1) | 0) {
      const descriptor = entries[ring + ((head + i) & mask)];
      const slot = descriptor >>> lengthBits;
      const length = descriptor & lengthMask;
      slots[i] = slot;
      offset[i] = Math.imul(slot, slotStride) + HEADROOM_BYTES;
      bytes[i] = length;
      total = (total + length) | 0;
    }
    return total;
  };
}

/** Reads what serving the VMs of one word of ready bits will need first. */
export type Warm = (word: number, bits: number) => void;

/**
 * With thousands of VMs, a ring was last touched so long ago that it has left the caches. Reading the lines of up to 32
 * rings one after the other, with nothing in between that depends on them, overlaps their latencies; met one by one
 * while serving they would each be waited for.
 */
export function createWarm(arena: Arena): Warm {
  const { entries, control, mask, size } = arena.txRings;
  /** Takes the sum, which means nothing, so that the reads are not optimised away. */
  const sink = new Int32Array(1);
  return function warm(word, bits) {
    let sum = 0;
    for (let left = bits; left !== 0; left &= left - 1) {
      const vm = (word << 5) | (31 - Math.clz32(left & -left));
      const at = Math.imul(vm, RING_CONTROL_WORDS);
      const head = control[at];
      const first = Math.imul(vm, size);
      sum ^= control[at + RING_TAIL_WORD] ^ entries[first + (head & mask)] ^ entries[first + ((head + 16) & mask)];
    }
    sink[0] = sum;
  };
}
