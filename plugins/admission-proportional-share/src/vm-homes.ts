import { MAX_NICS, type NicTable, type VmTable } from '@fairlead/sdk';

/** Home of a VM whose frames go over any NIC. */
export const ANYWHERE = -1;

/**
 * Which VMs are tied to one NIC. Admission comes before the NIC is chosen and is not told which it was; where the
 * choice is lopsided (VMs pinned to NICs, one active NIC and a spare one) room on one NIC is of no use to a VM that
 * sends over another, and would fill that one's queue until chance decides who finds a place on it.
 *
 * So what a batch added to each NIC's count of frames is looked at when the next one comes. A VM whose batch went to
 * an overfull NIC and nowhere else lives there from then on, until a frame of it goes elsewhere or the set of NICs
 * changes. As long as no NIC is overfull nothing is looked at.
 */
export class VmHomes {
  /** NIC number by VM, or `ANYWHERE`. */
  readonly of: Int8Array;
  readonly #nics: NicTable;
  readonly #vms: VmTable;
  readonly #enqueuedFrames = new Float64Array(MAX_NICS);
  readonly #transmittedFrames = new Float64Array(1);
  #overfull = 0;
  #watched = -1;
  #epoch = -1;

  constructor(nics: NicTable, vms: VmTable) {
    this.#nics = nics;
    this.#vms = vms;
    this.of = new Int8Array(vms.count).fill(ANYWHERE);
  }

  /** Sees where the frames of the last batch went. Called before the next one is decided upon. */
  learn(): void {
    if (this.#epoch !== this.#nics.epoch) {
      this.#epoch = this.#nics.epoch;
      this.of.fill(ANYWHERE);
    } else if (this.#watched >= 0) {
      this.#place(this.#watched);
    }
    this.#watched = -1;
  }

  /** Remembers where the NICs stand before a VM's batch; `overfull` is a set of NICs. */
  watch(vm: number, overfull: number): void {
    if (overfull === 0 && this.of[vm] === ANYWHERE) return;
    this.#watched = vm;
    this.#overfull = overfull;
    this.#transmittedFrames[0] = this.#vms.transmittedFrames[vm];
    for (let nic = 0; nic < this.#nics.count; nic++) this.#enqueuedFrames[nic] = this.#nics.enqueuedFrames[nic];
  }

  #place(vm: number): void {
    const { enqueuedFrames, count } = this.#nics;
    let frames = this.#vms.transmittedFrames[vm] - this.#transmittedFrames[0];
    let touched = 0;
    let last = ANYWHERE;
    for (let nic = 0; nic < count; nic++) {
      const added = enqueuedFrames[nic] - this.#enqueuedFrames[nic];
      if (added === 0) continue;
      frames -= added;
      touched++;
      last = nic;
    }
    // Frames of other VMs, admitted before, may have found room in between: then it can't be told whose went where.
    if (touched === 0 || frames !== 0) return;
    if (touched > 1) this.of[vm] = ANYWHERE;
    else if (((this.#overfull >>> last) & 1) === 1) this.of[vm] = last;
    else if (this.of[vm] !== last) this.of[vm] = ANYWHERE;
  }
}
