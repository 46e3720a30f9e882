import { ETHERNET_HEADER_BYTES } from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';
import { RING_CONTROL_WORDS, RING_TAIL_WORD } from '../memory/layout.ts';
import { ELSEWHERE, type MacTable } from '../memory/mac-table.ts';
import type { OwnAddresses } from './own-addresses.ts';

/** What is at the head of a VM's ring when it is not an ordinary frame for a NIC. */
export const Head = { Empty: 0, Broken: 1, Runt: 2, Spoofed: 3, Local: 4, Group: 5 } as const;
export type Head = (typeof Head)[keyof typeof Head];

/** Says how many entries a VM's ring has. */
export type Waiting = (vm: number) => number;

/**
 * Whose frame is this, and where is it going? Reads a run of *ordinary* frames from a VM's transmit ring: those that
 * carry the VM's own source MAC and are for somebody beyond this host. The run ends before the first frame that is
 * anything else; that one is dealt with alone when it has come to the head, so the order within a VM is kept and the
 * run needs no second look.
 *
 * @example
 * ```ts
 * import { Arena, createArena } from '@fairlead/core/stages';
 *
 * const shape = { vms: 2, nics: 1, workers: 1, poolFrames: 1024, slotBytes: 2048, txRingFrames: 16, rxRingFrames: 16 };
 * const handle = createArena({ ...shape, nicRingFrames: 64 }, { nics: ['uplink0'], vms: ['web', 'db'] });
 * const arena = new Arena(handle, 0);
 * import { Classifier, MacTable } from '@fairlead/core/stages';
 *
 * const bytes = new Int32Array(256);
 * const classifier = new Classifier(arena, new MacTable(arena.vms), true, bytes);
 * console.log(classifier.waiting(0), classifier.run(0, 32)); // 0 0: the ring of VM 0 is empty
 * ```
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
  readonly #own: OwnAddresses | undefined;
  /** Entries in a VM's ring. */
  readonly waiting: Waiting;
  /** Reads up to `max` ordinary frames into `frames` and their lengths into `bytes`, and returns how many. */
  readonly run: (vm: number, max: number) => number;

  /**
   * `own` is asked about every frame that has the VM's source MAC; without it no frame is read further. `watched` sees
   * every entry before it is dealt with.
   */
  constructor(
    arena: Arena,
    macs: MacTable,
    portSecurity: boolean,
    bytes: Int32Array,
    own?: OwnAddresses,
    watched?: (waiting: Waiting) => Waiting,
  ) {
    this.#arena = arena;
    this.#macs = macs;
    this.#portSecurity = portSecurity;
    this.#own = own;
    this.frames = new Int32Array(bytes.length);
    const waiting = createWaiting(arena);
    this.waiting = watched === undefined ? waiting : watched(waiting);
    const run = createRun(arena, macs, portSecurity, this.frames, bytes);
    this.run = own === undefined ? run : (vm, max) => this.#ownFrames(vm, run(vm, max), own);
  }

  /** What is wrong with a frame; `Empty` when nothing is. */
  #flaw(vm: number, descriptor: number): Head {
    const { vms, pool } = this.#arena;
    const slot = descriptor >>> pool.lengthBits;
    if (slot >= pool.slots) return Head.Broken;
    if ((descriptor & pool.lengthMask) < ETHERNET_HEADER_BYTES) return Head.Runt;
    const at = slot * pool.wordsPerSlot;
    const own = pool.words[at + 2] === vms.macWord0[vm] && (pool.words[at + 3] & 0xffff) === vms.macWord1[vm];
    if (!own && this.#portSecurity) return Head.Spoofed;
    return this.#own === undefined || this.#isOwn(vm, descriptor, this.#own) ? Head.Empty : Head.Spoofed;
  }

  /** How many frames from the front of a run name no sender but their VM. */
  #ownFrames(vm: number, count: number, own: OwnAddresses): number {
    let i = 0;
    while (i < count && this.#isOwn(vm, this.frames[i], own)) i++;
    return i;
  }

  #isOwn(vm: number, descriptor: number, own: OwnAddresses): boolean {
    const { pool } = this.#arena;
    return own(vm, pool.memory, pool.offset(descriptor >>> pool.lengthBits), descriptor & pool.lengthMask);
  }

  /** What any frame of a VM is, for a trace; `Empty`: an ordinary one. Of a `Local` one `headVm` is the VM it is for. */
  kindOf(vm: number, descriptor: number): Head {
    const flaw = this.#flaw(vm, descriptor);
    if (flaw !== Head.Empty) return flaw;
    const { networks, pool } = this.#arena;
    const at = (descriptor >>> pool.lengthBits) * pool.wordsPerSlot;
    const first = pool.words[at] >>> 16;
    if ((first & 1) !== 0) return Head.Group;
    this.headVm = this.#macs.lookup(first, pool.words[at + 1]);
    return this.headVm >= 0 && networks.near(this.headVm, vm) ? Head.Local : Head.Empty;
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
    if ((first & 1) !== 0) this.head = Head.Group;
    // The VM that it is for has left the host since `run` looked: it is an ordinary frame now.
    else this.head = this.headVm < 0 ? Head.Empty : Head.Local;
    return descriptor;
  }
}

/** A hot function, see forwarder.ts. */
function createWaiting(arena: Arena): Waiting {
  const fixed = { control: arena.txRings.control, controlWords: RING_CONTROL_WORDS, tailWord: RING_TAIL_WORD };
  return function waiting(vm) {
    const { control, controlWords, tailWord } = fixed;
    const head = Math.imul(vm, controlWords);
    return (Atomics.load(control, head + tailWord) - control[head]) | 0;
  };
}

/** A hot function, see forwarder.ts. */
function createRun(
  arena: Arena,
  macs: MacTable,
  portSecurity: boolean,
  frames: Int32Array,
  bytes: Int32Array,
): (vm: number, max: number) => number {
  const { entries, control, mask, size } = arena.txRings;
  const { words, lengthBits, lengthMask, wordsPerSlot, slots } = arena.pool;
  const { macWord0, macWord1 } = arena.vms;
  const { networks } = arena;
  // Without port security every source is its own.
  const care0 = portSecurity ? -1 : 0;
  const care1 = portSecurity ? 0xffff : 0;
  const fixed = {
    ring: { entries, control, mask, size, controlWords: RING_CONTROL_WORDS },
    slot: { words, lengthBits, lengthMask, wordsPerSlot, slots, headerBytes: ETHERNET_HEADER_BYTES },
    own: { macWord0, macWord1, care0, care1 },
    out: { frames, bytes },
  };
  // The last destination that was found to be beyond this host for ever, in two words: most runs have one.
  let beyondFirst = -1;
  let beyondLast = -1;
  /** Apart from the loop, which seldom asks: the rest is short enough for V8 to compile it into its caller. */
  function leavesTeam(first: number, last: number, vm: number): boolean {
    if ((first & 1) !== 0) return false;
    const local = macs.lookup(first, last);
    if (local >= 0) return !networks.near(local, vm);
    if (local === ELSEWHERE) return true; // until it comes: not to be remembered
    beyondFirst = first;
    beyondLast = last;
    return true;
  }
  return function run(vm, max) {
    const { entries, control, mask, size, controlWords } = fixed.ring;
    const { words, lengthBits, lengthMask, wordsPerSlot, slots, headerBytes } = fixed.slot;
    const { macWord0, macWord1, care0, care1 } = fixed.own;
    const { frames, bytes } = fixed.out;
    const own0 = macWord0[vm];
    const own1 = macWord1[vm];
    const base = Math.imul(vm, size);
    const from = control[Math.imul(vm, controlWords)];
    let first = beyondFirst;
    let last = beyondLast;
    let i = 0;
    for (; i < max; i = (i + 1) | 0) {
      const descriptor = entries[base + ((from + i) & mask)];
      const slot = descriptor >>> lengthBits;
      const length = descriptor & lengthMask;
      if (slot >= slots || length < headerBytes) break;
      const at = Math.imul(slot, wordsPerSlot);
      if (((words[at + 2] ^ own0) & care0) !== 0 || ((words[at + 3] ^ own1) & care1) !== 0) break;
      if (words[at + 1] !== last || words[at] >>> 16 !== first) {
        first = words[at] >>> 16;
        last = words[at + 1];
        if (!leavesTeam(first, last, vm)) break;
      }
      frames[i] = descriptor;
      bytes[i] = length;
    }
    return i;
  };
}
