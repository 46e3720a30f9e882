import { MAX_NICS, type NicTable, type VmTable } from '@fairlead/sdk';

/**
 * Gives each VM that has a reservation a home: the NIC with the most unreserved capacity, if the reservation fits
 * there (worst fit, so that the headroom stays even). A VM is placed when it first sends, and again when its
 * reservation or the set of NICs changes; it stays where it is as long as that NIC is available and has the capacity.
 * The sum of the reservations that live on a NIC never exceeds its speed.
 */
export class ReservedHomes {
  /** NIC number by VM, -1 for a VM without a home. */
  readonly #home: Int32Array;
  /** The reservation that was last placed, and the epoch in which. */
  readonly #placedBps: Float64Array;
  readonly #placedIn: Float64Array;
  /** What is reserved on each NIC. */
  readonly #reservedBps = new Float64Array(MAX_NICS);

  constructor(
    private readonly nics: NicTable,
    private readonly vms: VmTable,
  ) {
    this.#home = new Int32Array(vms.count).fill(-1);
    this.#placedBps = new Float64Array(vms.count);
    this.#placedIn = new Float64Array(vms.count).fill(-1);
  }

  /** The VM's NIC, or -1 when it has no reservation or the reservation fits no available NIC. */
  of(vm: number): number {
    const home = this.#home[vm];
    if (
      this.#placedBps[vm] !== this.vms.reservationBps[vm] ||
      this.#placedIn[vm] !== this.nics.epoch ||
      (home >= 0 && this.#reservedBps[home] > this.nics.speedBps[home])
    ) {
      this.#place(vm);
    }
    return this.#home[vm];
  }

  #place(vm: number): void {
    const { available, availableCount } = this.nics;
    const former = this.#home[vm];
    if (former >= 0) this.#reservedBps[former] -= this.#placedBps[vm];

    const wantedBps = this.vms.reservationBps[vm];
    this.#placedBps[vm] = wantedBps;
    this.#placedIn[vm] = this.nics.epoch;
    this.#home[vm] = -1;
    if (!(wantedBps > 0)) return;

    let best = -1;
    let mostBps = 0;
    for (let k = 0; k < availableCount; k++) {
      const nic = available[k];
      const freeBps = this.nics.speedBps[nic] - this.#reservedBps[nic];
      if (freeBps < wantedBps) continue;
      if (nic === former || freeBps > mostBps) {
        best = nic;
        mostBps = nic === former ? Number.POSITIVE_INFINITY : freeBps;
      }
    }
    if (best < 0) return;
    this.#home[vm] = best;
    this.#reservedBps[best] += wantedBps;
  }
}
