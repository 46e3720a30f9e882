import { MAX_NICS, type NicTable, type VmTable } from '@fairlead/sdk';

/** Home of a VM whose frames go over any NIC. */
export const ANYWHERE = -1;

/** Frames in a row that a VM must have sent to a NIC that has too many, and to no other, to be taken for tied to it. */
const FRAMES_IN_A_ROW = 16;

/**
 * Which VMs are tied to one NIC. Admission comes before the NIC is chosen and is not told which it was; where the
 * choice is lopsided (VMs pinned to NICs, one active NIC and a spare one) room on one NIC is of no use to a VM that
 * sends over another, and would fill that one's queue until chance decides who finds a place on it.
 *
 * So what a batch added to each NIC's count of frames is looked at when the next one comes. A VM whose frames went to
 * an overfull NIC and nowhere else lives there from then on, until a frame of it goes elsewhere or the set of NICs
 * changes. As long as no NIC is overfull nothing is looked at.
 *
 * What was too much drains away once those who live there are held to the NIC's target. If it does not, others keep
 * putting frames there, and the VM moves out again so as not to starve behind them.
 */
export class VmHomes {
  /** NIC number by VM, or `ANYWHERE`. */
  readonly of: Int8Array;
  /** Set of the NICs that are home to a VM, or were since the set of NICs changed. */
  inhabited = 0;
  readonly #inARow: Int32Array;
  /** When the NIC will have drained what it had too much of. */
  readonly #drainedUs: Float64Array;
  readonly #clockUs: Float64Array;
  readonly #nics: NicTable;
  readonly #vms: VmTable;
  readonly #enqueuedFrames = new Float64Array(MAX_NICS);
  readonly #transmittedFrames = new Float64Array(1);
  #overfull = 0;
  #watched = -1;
  #epoch = -1;

  /** `clockUs` holds the time as its only entry. */
  constructor(nics: NicTable, vms: VmTable, clockUs: Float64Array) {
    this.#clockUs = clockUs;
    this.#nics = nics;
    this.#vms = vms;
    this.of = new Int8Array(vms.count).fill(ANYWHERE);
    this.#inARow = new Int32Array(vms.count);
    this.#drainedUs = new Float64Array(vms.count);
  }

  /** Sees where the frames of the last batch went. Called before the next one is decided upon. */
  learn(): void {
    if (this.#epoch !== this.#nics.epoch) {
      this.#epoch = this.#nics.epoch;
      this.of.fill(ANYWHERE);
      this.inhabited = 0;
    } else if (this.#watched >= 0) {
      this.#place(this.#watched);
    }
    this.#watched = -1;
  }

  /** Says that others than those who live there fill the VM's NIC. Returns true when the VM moves out. */
  flooded(vm: number): boolean {
    if (this.#clockUs[0] < this.#drainedUs[vm]) return false;
    this.of[vm] = ANYWHERE;
    return true;
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
    const sent = this.#vms.transmittedFrames[vm] - this.#transmittedFrames[0];
    if (touched === 1 && this.of[vm] === last) return;
    this.of[vm] = ANYWHERE;
    const overfull = touched === 1 && ((this.#overfull >>> last) & 1) === 1;
    this.#inARow[vm] = overfull ? this.#inARow[vm] + sent : 0;
    if (this.#inARow[vm] < FRAMES_IN_A_ROW) return;
    this.#inARow[vm] = 0;
    this.of[vm] = last;
    // Twice what it should take: others may have frames on the way that were admitted before.
    const drainUs = (this.#nics.pendingBytes[last] * 8e6) / this.#nics.speedBps[last];
    this.#drainedUs[vm] = this.#clockUs[0] + 2 * drainUs;
    this.inhabited |= 1 << last;
  }
}
