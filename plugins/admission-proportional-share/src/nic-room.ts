import { MAX_NICS, type NicTable } from '@fairlead/sdk';
import type { ProportionalShareOptions } from './options.ts';
import { ANYWHERE } from './vm-homes.ts';

/** Speed assumed of a NIC that does not tell. */
export const UNKNOWN_SPEED_BPS = 10e9;

/* Keeps sums over 32 NICs within a 32-bit integer, which, unlike a double, is never put on the heap. */
const MOST_BYTES = 2 ** 25 - 1;

/**
 * How much may still be put on the NICs' queues. Three marks divide each queue, by bytes and by frames alike:
 *
 * ```
 *   pending   0 ─────────── ½ target ─────────── target ─────────────────── 2 targets
 *             │   everybody    │  highest class    │  reservations only         │  nobody
 *             │                │  with a backlog   │                            │
 *   field     ├── lowBytes ────┤                   │                            │
 *             ├── sharesBytes ─────────────────────┤                            │
 *             └── reservedBytes ────────────────────────────────────────────────┘
 * ```
 *
 * A higher mark is precedence without a search: who may fill up to it finds room when nobody below it does.
 */
export class NicRoom {
  lowBytes = 0;
  sharesBytes = 0;
  reservedBytes = 0;
  /** Sum of the targets of the NICs measured. */
  targetBytes = 0;
  /** Set of the NICs that are at the last mark although another one is below its target. */
  overfull = 0;
  readonly #nics: NicTable;
  readonly #options: ProportionalShareOptions;
  readonly #targetBytes = new Int32Array(MAX_NICS);

  constructor(nics: NicTable, options: ProportionalShareOptions) {
    this.#nics = nics;
    this.#options = options;
  }

  /** Reads the speeds. */
  renew(): void {
    const { targetUs, leastBytes } = this.#options;
    const { speedBps, count } = this.#nics;
    for (let nic = 0; nic < count; nic++) {
      const known = speedBps[nic] > 0 && speedBps[nic] < Number.POSITIVE_INFINITY;
      const bytes = ((known ? speedBps[nic] : UNKNOWN_SPEED_BPS) * targetUs) / 8e6;
      this.#targetBytes[nic] = bytes < leastBytes ? leastBytes : bytes < MOST_BYTES ? bytes : MOST_BYTES;
    }
  }

  /** Reads what is pending, on one NIC or on all available ones. A full one takes nothing from the room on others. */
  measure(home: number): void {
    this.lowBytes = 0;
    this.sharesBytes = 0;
    this.reservedBytes = 0;
    this.targetBytes = 0;
    this.overfull = 0;
    if (home !== ANYWHERE) {
      this.#add(home);
    } else {
      const { available, availableCount } = this.#nics;
      for (let k = 0; k < availableCount; k++) this.#add(available[k]);
    }
    if (this.sharesBytes === 0) this.overfull = 0;
  }

  #add(nic: number): void {
    const { targetFrames } = this.#options;
    const target = this.#targetBytes[nic];
    const bytes = this.#nics.pendingBytes[nic];
    const frames = this.#nics.pendingFrames[nic];
    this.targetBytes += target;
    if (bytes >= target * 2 || frames >= targetFrames * 2) {
      this.overfull |= 1 << nic;
      return;
    }
    this.reservedBytes += (target * 2 - bytes) | 0;
    if (bytes >= target || frames >= targetFrames) return;
    this.sharesBytes += (target - bytes) | 0;
    if (bytes < target >> 1 && frames < targetFrames >> 1) this.lowBytes += ((target >> 1) - bytes) | 0;
  }
}
