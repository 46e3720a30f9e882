import type { Arena } from '../memory/arena.ts';
import { RING_CONTROL_WORDS, RING_TAIL_WORD } from '../memory/layout.ts';
import type { MacTable } from '../memory/mac-table.ts';

/** What is at the head of a VM's ring when it is not an ordinary frame for a NIC. */
export const Head = { Empty: 0, Broken: 1, Runt: 2, Spoofed: 3, Local: 4, Group: 5 } as const;
export type Head = (typeof Head)[keyof typeof Head];

/**
 * Whose frame is this, and where is it going? Reads a run of *ordinary* frames from a VM's transmit ring: those that
 * carry the VM's own source MAC and are for somebody beyond this host. The run ends before the first frame that is
 * anything else; that one is dealt with alone when it has come to the head, so the order within a VM is kept and the
 * run needs no second look.
 */
export class Classifier {
  /** Descriptors of the run. The policies never see them. */
  readonly frames: Int32Array;
  /** What is at the head when the run is empty. */
  head: Head = Head.Empty;
  /** The VM that a `Local` head is for. */
  headVm = -1;
  readonly #arena: Arena;
  readonly #macs: MacTable;
  readonly #portSecurity: boolean;
  /** The last destination that was found to be beyond this host: most runs have one. */
  #beyondFirst = -1;
  #beyondLast = -1;

  constructor(arena: Arena, macs: MacTable, portSecurity: boolean, capacity: number) {
    this.#arena = arena;
    this.#macs = macs;
    this.#portSecurity = portSecurity;
    this.frames = new Int32Array(capacity);
  }

  /** Entries in a VM's ring. */
  waiting(vm: number): number {
    const { control } = this.#arena.txRings;
    const at = vm * RING_CONTROL_WORDS;
    return (Atomics.load(control, at + RING_TAIL_WORD) - control[at]) | 0;
  }

  /** Reads up to `max` ordinary frames into `frames` and their lengths into `bytes`, and returns how many. */
  run(vm: number, max: number, bytes: Int32Array): number {
    const { txRings, vms, pool } = this.#arena;
    const { entries, mask, control } = txRings;
    const { words, lengthBits, lengthMask, wordsPerSlot, slots } = pool;
    const { frames } = this;
    const secure = this.#portSecurity;
    const own0 = vms.macWord0[vm];
    const own1 = vms.macWord1[vm];
    const base = vm * txRings.size;
    const from = control[vm * RING_CONTROL_WORDS];
    let beyondFirst = this.#beyondFirst;
    let beyondLast = this.#beyondLast;
    let i = 0;
    for (; i < max; i++) {
      const descriptor = entries[base + ((from + i) & mask)];
      const slot = descriptor >>> lengthBits;
      const length = descriptor & lengthMask;
      if (slot >= slots || length < 14) break;
      const at = slot * wordsPerSlot;
      if (secure && (words[at + 2] !== own0 || (words[at + 3] & 0xffff) !== own1)) break;
      const first = words[at] >>> 16;
      const last = words[at + 1];
      if (last !== beyondLast || first !== beyondFirst) {
        if (!this.#isBeyond(first, last)) break;
        beyondFirst = first;
        beyondLast = last;
      }
      frames[i] = descriptor;
      bytes[i] = length;
    }
    this.#beyondFirst = beyondFirst;
    this.#beyondLast = beyondLast;
    return i;
  }

  #isBeyond(first: number, last: number): boolean {
    return (first & 1) === 0 && this.#macs.lookup(first, last) < 0;
  }

  /** Says what the frame at the head of a VM's ring is, when `run` found none. Returns its descriptor. */
  inspect(vm: number): number {
    const { txRings, vms, pool } = this.#arena;
    const descriptor = txRings.entry(vm, 0);
    const slot = descriptor >>> pool.lengthBits;
    const at = slot * pool.wordsPerSlot;
    const { words } = pool;
    if (slot >= pool.slots) this.head = Head.Broken;
    else if ((descriptor & pool.lengthMask) < 14) this.head = Head.Runt;
    else if (this.#portSecurity && (words[at + 2] !== vms.macWord0[vm] || (words[at + 3] & 0xffff) !== vms.macWord1[vm])) {
      this.head = Head.Spoofed;
    } else if (((words[at] >>> 16) & 1) !== 0) this.head = Head.Group;
    else {
      this.head = Head.Local;
      this.headVm = this.#macs.lookup(words[at] >>> 16, words[at + 1]);
    }
    return descriptor;
  }
}
