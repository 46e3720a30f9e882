/** Width of a slot in microseconds, and slots: a horizon of 65 ms, after which a parked VM is simply parked again. */
export const PARKING_TICK_US = 64;
const SLOTS = 1024;
const NOBODY = -1;

/**
 * VMs whose first frame may not go before a known time: a hashed timing wheel (Varghese & Lauck 1987, scheme 6) of
 * linked lists in typed arrays. Parking and waking are O(1), a quiet wheel costs one comparison a sweep.
 */
export class Parking {
  readonly #first = new Int32Array(SLOTS).fill(NOBODY);
  readonly #next: Int32Array;
  /** Bit of every parked VM: its doorbell is not listened to. */
  readonly bits: Int32Array;
  #tick = 0;
  #parked = 0;

  constructor(vms: number) {
    this.#next = new Int32Array(vms).fill(NOBODY);
    this.bits = new Int32Array(Math.max(1, Math.ceil(vms / 32)));
  }

  get parked(): number {
    return this.#parked;
  }

  /** Parks a VM that is not parked. */
  park(vm: number, dueUs: number, nowUs: number): void {
    if (this.#parked === 0) this.#tick = Math.floor(nowUs / PARKING_TICK_US);
    const due = Math.ceil(dueUs / PARKING_TICK_US);
    const last = this.#tick + SLOTS - 1;
    const slot = (due < last ? (due > this.#tick ? due : this.#tick + 1) : last) % SLOTS;
    this.bits[vm >>> 5] |= 1 << (vm & 31);
    this.#next[vm] = this.#first[slot];
    this.#first[slot] = vm;
    this.#parked++;
  }

  /** Sets the bit of every VM whose time has come. */
  advance(nowUs: number, ready: Int32Array): void {
    if (this.#parked === 0) return; // with the first that is parked the time is read anew
    const target = Math.floor(nowUs / PARKING_TICK_US);
    if (target <= this.#tick) return;
    // After a jump of the clock every slot is due once, not once per tick that was jumped over.
    const from = target - this.#tick > SLOTS ? target - SLOTS : this.#tick;
    for (let tick = from + 1; tick <= target && this.#parked > 0; tick++) this.#wakeSlot(tick % SLOTS, ready);
    this.#tick = target;
  }

  #wakeSlot(slot: number, ready: Int32Array): void {
    let vm = this.#first[slot];
    this.#first[slot] = NOBODY;
    while (vm !== NOBODY) {
      const next = this.#next[vm];
      this.#parked--;
      this.bits[vm >>> 5] &= ~(1 << (vm & 31));
      ready[vm >>> 5] |= 1 << (vm & 31);
      vm = next;
    }
  }

  /** When the earliest parked VM is due, at the wheel's resolution; Infinity when none is parked. */
  nextDueUs(): number {
    if (this.#parked === 0) return Number.POSITIVE_INFINITY;
    for (let ahead = 1; ahead <= SLOTS; ahead++) {
      if (this.#first[(this.#tick + ahead) % SLOTS] !== NOBODY) return (this.#tick + ahead) * PARKING_TICK_US;
    }
    return (this.#tick + SLOTS) * PARKING_TICK_US;
  }
}
