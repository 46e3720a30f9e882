import { ETHERNET_HEADER_BYTES } from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';
import { RING_CONTROL_WORDS, RING_TAIL_WORD } from '../memory/layout.ts';
import type { MacTable } from '../memory/mac-table.ts';
import { createScan, type Scan } from './hot-loops.ts';

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
  /** The last destination that was found to be beyond this host, in two words: most runs have one. */
  readonly #beyond = Int32Array.of(-1, -1);
  readonly #scan: Scan;

  constructor(arena: Arena, macs: MacTable, portSecurity: boolean, bytes: Int32Array) {
    this.#arena = arena;
    this.#macs = macs;
    this.#portSecurity = portSecurity;
    this.frames = new Int32Array(bytes.length);
    this.#scan = createScan(arena, portSecurity, this.#beyond, this.frames, bytes);
  }

  /** Entries in a VM's ring. */
  waiting(vm: number): number {
    const { control } = this.#arena.txRings;
    const at = vm * RING_CONTROL_WORDS;
    return (Atomics.load(control, at + RING_TAIL_WORD) - control[at]) | 0;
  }

  /** Reads up to `max` ordinary frames into `frames` and their lengths into `bytes`, and returns how many. */
  run(vm: number, max: number): number {
    let found = 0;
    for (;;) {
      found = this.#scan(vm, found, max);
      // It stopped at a destination that it did not know: ask, and go on if it is beyond this host.
      if (found === max || !this.#askAbout(vm, found)) return found;
    }
  }

  /** True when frame `index` is a sound one for a destination that is now known to be beyond this host. */
  #askAbout(vm: number, index: number): boolean {
    const { txRings, pool } = this.#arena;
    const descriptor = txRings.entry(vm, index);
    if (this.#flaw(vm, descriptor) !== Head.Empty) return false;
    const at = (descriptor >>> pool.lengthBits) * pool.wordsPerSlot;
    const first = pool.words[at] >>> 16;
    const last = pool.words[at + 1];
    if (!this.#isBeyond(first, last)) return false;
    this.#beyond[0] = first;
    this.#beyond[1] = last;
    return true;
  }

  /** What is wrong with a frame; `Empty` when nothing is. */
  #flaw(vm: number, descriptor: number): Head {
    const { vms, pool } = this.#arena;
    const slot = descriptor >>> pool.lengthBits;
    if (slot >= pool.slots) return Head.Broken;
    if ((descriptor & pool.lengthMask) < ETHERNET_HEADER_BYTES) return Head.Runt;
    const at = slot * pool.wordsPerSlot;
    const own = pool.words[at + 2] === vms.macWord0[vm] && (pool.words[at + 3] & 0xffff) === vms.macWord1[vm];
    return own || !this.#portSecurity ? Head.Empty : Head.Spoofed;
  }

  #isBeyond(first: number, last: number): boolean {
    return (first & 1) === 0 && this.#macs.lookup(first, last) < 0;
  }

  /** Says what the frame at the head of a VM's ring is, when `run` found none. Returns its descriptor. */
  inspect(vm: number): number {
    const { txRings, pool } = this.#arena;
    const descriptor = txRings.entry(vm, 0);
    this.head = this.#flaw(vm, descriptor);
    if (this.head !== Head.Empty) return descriptor;
    const at = (descriptor >>> pool.lengthBits) * pool.wordsPerSlot;
    const first = pool.words[at] >>> 16;
    this.headVm = (first & 1) !== 0 ? -1 : this.#macs.lookup(first, pool.words[at + 1]);
    this.head = this.headVm < 0 ? Head.Group : Head.Local;
    return descriptor;
  }
}
