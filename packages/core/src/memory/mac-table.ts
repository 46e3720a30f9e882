import type { VmTable } from '@fairlead/sdk';

/** A VM that is not on this host: a stranger like any other, until it comes. */
export const ELSEWHERE = -2;

/**
 * MAC address to VM, open addressing with linear probing at most half full. Keys are the two words in which a frame
 * slot holds an address, so a lookup reads no bytes.
 *
 * @example
 * ```ts
 * import { Arena, createArena } from '@fairlead/core/stages';
 *
 * const shape = { vms: 2, nics: 1, workers: 1, poolFrames: 1024, slotBytes: 2048, txRingFrames: 16, rxRingFrames: 16 };
 * const handle = createArena({ ...shape, nicRingFrames: 64 }, { nics: ['uplink0'], vms: ['web', 'db'] });
 * const arena = new Arena(handle, 0);
 * import { MacTable } from '@fairlead/core/stages';
 * import { macWord0, macWord1, parseMac } from '@fairlead/sdk';
 *
 * const mac = parseMac('52:54:00:00:00:01');
 * arena.vms.macWord0[1] = macWord0(mac);
 * arena.vms.macWord1[1] = macWord1(mac);
 * const macs = new MacTable(arena.vms);
 * console.log(macs.lookupSource(macWord0(mac), macWord1(mac))); // VM 1
 * ```
 */
export class MacTable {
  readonly #mask: number;
  readonly #first: Int32Array;
  readonly #last: Int32Array;
  readonly #vm: Int32Array;
  readonly #away: Int32Array;

  constructor(vms: VmTable) {
    let size = 16;
    while (size < vms.count * 2) size *= 2;
    this.#mask = size - 1;
    this.#away = vms.away;
    this.#first = new Int32Array(size);
    this.#last = new Int32Array(size);
    this.#vm = new Int32Array(size).fill(-1);
    for (let vm = 0; vm < vms.count; vm++) {
      // macWord0/1 split the address 4 + 2 (as a source), a destination lies 2 + 4 in its slot.
      const first = vms.macWord0[vm] & 0xffff;
      const last = (vms.macWord0[vm] >>> 16) | (vms.macWord1[vm] << 16);
      let at = this.#slot(first, last);
      while (this.#vm[at] >= 0) at = (at + 1) & this.#mask;
      this.#first[at] = first;
      this.#last[at] = last;
      this.#vm[at] = vm;
    }
  }

  #slot(first: number, last: number): number {
    const mixed = Math.imul(last ^ Math.imul(first, 0x9e3779b1), 0x85ebca6b);
    return (mixed ^ (mixed >>> 15)) & this.#mask;
  }

  /**
   * The VM with this address, split as first two and last four bytes (little-endian); below 0 when none on this host has
   * it: `ELSEWHERE` when one that may come has, and -1 when none ever will.
   */
  lookup(first: number, last: number): number {
    let at = this.#slot(first, last);
    for (;;) {
      const vm = this.#vm[at];
      if (vm < 0) return -1;
      if (this.#last[at] === last && this.#first[at] === first) return this.#away[vm] === 0 ? vm : ELSEWHERE;
      at = (at + 1) & this.#mask;
    }
  }

  /** The same for an address split as first four and last two bytes, as a source MAC lies in its slot. */
  lookupSource(word0: number, word1: number): number {
    return this.lookup(word0 & 0xffff, (word0 >>> 16) | (word1 << 16));
  }
}
