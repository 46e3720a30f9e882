import type { VmTable } from '@fairlead/sdk';

/** V8 keeps the content of a typed array of up to 64 bytes on its heap, where it may move: no constant address. */
const LEAST_COMPILED_IN = 17;

/**
 * Which team of NICs carries each VM's frames, as one thread last saw it: between two looks nothing moves, so that a
 * frame is classified, put on a queue and taken back by the same answer.
 */
export class VmNetworks {
  /** Team that carries each VM's frames. */
  declare readonly team: Int32Array;
  /** Team that carries them when nothing is the matter. VMs of one home reach each other without a NIC. */
  declare readonly home: Int32Array;
  readonly #vms: Pick<VmTable, 'team' | 'awayFrom' | 'count'>;

  constructor(vms: Pick<VmTable, 'team' | 'awayFrom' | 'count'>) {
    this.#vms = vms;
    this.team = new Int32Array(Math.max(vms.count, LEAST_COMPILED_IN));
    this.home = new Int32Array(Math.max(vms.count, LEAST_COMPILED_IN));
    this.look();
  }

  /** True when two VMs reach each other without a NIC: teams are networks of their own. */
  near(a: number, b: number): boolean {
    return this.team[a] === this.team[b] || this.home[a] === this.home[b];
  }

  /** Takes over what the control path has written. Returns how many teams there are to know of. */
  look(): number {
    const { team, awayFrom, count } = this.#vms;
    let highest = 0;
    for (let vm = 0; vm < count; vm++) {
      this.team[vm] = team[vm];
      this.home[vm] = awayFrom[vm] > 0 ? awayFrom[vm] - 1 : team[vm];
      highest = Math.max(highest, this.team[vm], this.home[vm]);
    }
    return highest + 1;
  }
}
