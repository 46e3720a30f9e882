import type { FramePool } from '../memory/frame-pool.ts';
import type { NicQueues } from './nic-queues.ts';

/** A NIC that does not take what was queued within this time holds its VMs up no longer. */
const LIMIT_US = 50_000;

/**
 * Keeps a flow in order when it changes its NIC while the old one still serves: because another member is first, members
 * came, or another policy decides. What a VM had queued before the change leaves first; until it has, that VM gets no
 * turn. Its frames wait in its ring, and nothing is lost by it.
 */
export class OrderHold {
  /** Bit set of the VMs that wait. */
  readonly held: Int32Array;
  readonly #queues: NicQueues;
  readonly #pool: FramePool;
  /** Where each NIC's queue ended at the change. */
  readonly #tail: Int32Array;
  /** Bit set of the NICs on whose queues frames of before still wait. */
  #waiting = 0;
  #untilUs = 0;

  constructor(queues: NicQueues, pool: FramePool, nics: number, words: number) {
    this.held = new Int32Array(words);
    this.#queues = queues;
    this.#pool = pool;
    this.#tail = new Int32Array(nics);
  }

  /** Something has changed over which NIC frames go. `serving`: NICs that take frames. */
  begin(serving: number, nowUs: number): void {
    this.#waiting = 0;
    this.held.fill(0);
    for (let rest = serving; rest !== 0; rest &= rest - 1) {
      const nic = 31 - Math.clz32(rest & -rest);
      if (this.#queues.length(nic) === 0) continue;
      this.#tail[nic] = this.#queues.tail[nic];
      this.#waiting |= 1 << nic;
      this.#holdThoseOn(nic);
    }
    this.#untilUs = nowUs + LIMIT_US;
  }

  #holdThoseOn(nic: number): void {
    const { entries, base, size, mask, head, tail } = this.#queues;
    const { slotVm, lengthBits } = this.#pool;
    for (let at = head[nic]; at !== tail[nic]; at = (at + 1) | 0) {
      const vm = slotVm[entries[base + nic * size + (at & mask)] >>> lengthBits];
      this.held[vm >>> 5] |= 1 << (vm & 31);
    }
  }

  /** Lets the VMs go whose frames have left. */
  check(serving: number, nowUs: number): void {
    if (this.#waiting === 0) return;
    // One that serves no more has had its frames taken back.
    this.#waiting &= serving;
    for (let rest = this.#waiting; rest !== 0; rest &= rest - 1) {
      const nic = 31 - Math.clz32(rest & -rest);
      if (((this.#queues.head[nic] - this.#tail[nic]) | 0) >= 0) this.#waiting &= ~(1 << nic);
    }
    if (nowUs >= this.#untilUs) this.#waiting = 0;
    if (this.#waiting === 0) this.held.fill(0);
  }
}
