import { MAX_NICS, type NicTable } from '@fairlead/sdk';
import type { ProportionalShareOptions } from './options.ts';
import { ANYWHERE } from './vm-homes.ts';

/** Speed assumed of a NIC that does not tell. */
const UNKNOWN_SPEED_BPS = 10e9;

/* Keeps sums over 32 NICs within a 32-bit integer, which, unlike a double, is never put on the heap. */
const MOST_BYTES = 2 ** 25 - 1;

/** Part of the target up to which a queue is filled by who comes first, at most. */
const MOST_FOR_ANY = 0.5;

/**
 * How much may still be put on the NICs' queues. Three marks divide each queue:
 *
 * ```
 *   pending   0 ───────── one sweep ─────────── target ─────────────────── 2 targets
 *             │   everybody   │   who is next     │   what is reserved         │   nobody
 *   field     ├── anyBytes ───┤                   │                            │
 *             ├── sharesBytes ────────────────────┤                            │
 *             └── reservedBytes ───────────────────────────────────────────────┘
 * ```
 *
 * A higher mark is precedence without a search: who may fill up to it finds room when nobody below it does. The lowest
 * is what a NIC sends in the time between the last two sweeps: with less it would idle before the next, so there who
 * comes first is served.
 *
 * The marks are times. A NIC whose queue holds so many frames that it is full sooner lowers the marks of all the
 * others to the time it holds: load distribution, which goes by time, would go on choosing it.
 */
export class NicRoom {
  anyBytes = 0;
  sharesBytes = 0;
  reservedBytes = 0;
  /** Sum of the targets of the NICs measured. */
  targetBytes = 0;
  /**
   * Set of the NICs that have too much although another one is below its target. One that is home to VMs, which are
   * held to its target, has too much beyond that; any other beyond twice.
   */
  overfull = 0;
  /** True when a VM's home is filled far beyond what those who live there may put on it. */
  flooded = false;
  readonly #nics: NicTable;
  readonly #options: ProportionalShareOptions;
  readonly #targetBytes = new Float64Array(MAX_NICS);
  /** The three marks, in targets, at which the room is measured. */
  readonly #marks = new Float64Array(3);
  /** The lowest of them, as of this sweep. */
  readonly #forAny = new Float64Array(1);
  readonly #sweptUs = new Float64Array(1);
  readonly #clockUs: Float64Array;

  /** `clockUs` holds the time as its only entry. */
  constructor(nics: NicTable, options: ProportionalShareOptions, clockUs: Float64Array) {
    this.#clockUs = clockUs;
    this.#nics = nics;
    this.#options = options;
  }

  /** Begins a sweep, at the time on the clock. Reads the speeds. */
  renew(): void {
    const sinceUs = this.#clockUs[0] - this.#sweptUs[0];
    this.#sweptUs[0] = this.#clockUs[0];
    this.#forAny[0] = Math.min(Math.max(sinceUs / this.#options.targetUs, 0), MOST_FOR_ANY);
    const { targetUs, leastBytes } = this.#options;
    const { speedBps, count } = this.#nics;
    for (let nic = 0; nic < count; nic++) {
      const known = speedBps[nic] > 0 && speedBps[nic] < Number.POSITIVE_INFINITY;
      const bytes = ((known ? speedBps[nic] : UNKNOWN_SPEED_BPS) * targetUs) / 8e6;
      this.#targetBytes[nic] = bytes < leastBytes ? leastBytes : bytes < MOST_BYTES ? bytes : MOST_BYTES;
    }
  }

  /**
   * Reads what is pending, on one NIC or on all available ones. A full one takes nothing from the room on others.
   * `inhabited` is the set of NICs that are home to VMs.
   */
  measure(home: number, inhabited: number): void {
    const { available, availableCount, pendingBytes, pendingFrames } = this.#nics;
    this.anyBytes = 0;
    this.sharesBytes = 0;
    this.reservedBytes = 0;
    this.targetBytes = 0;
    this.overfull = 0;
    this.flooded = false;
    this.#marks[0] = this.#forAny[0];
    this.#marks[1] = 1;
    this.#marks[2] = 2;
    if (home !== ANYWHERE) {
      this.#lowerMarks(home);
      this.#add(home, inhabited);
      this.flooded =
        pendingBytes[home] >= this.#targetBytes[home] * 3 || pendingFrames[home] >= this.#options.targetFrames * 2.5;
    } else {
      for (let k = 0; k < availableCount; k++) this.#lowerMarks(available[k]);
      for (let k = 0; k < availableCount; k++) this.#add(available[k], inhabited);
    }
    if (this.sharesBytes === 0) this.overfull = 0;
  }

  #lowerMarks(nic: number): void {
    const fullness = this.#nics.pendingFrames[nic] / this.#options.targetFrames;
    if (fullness < 0.5) return;
    const marks = this.#marks;
    const targets = this.#nics.pendingBytes[nic] / this.#targetBytes[nic];
    if (targets < marks[0]) marks[0] = targets;
    if (fullness >= 1 && targets < marks[1]) marks[1] = targets;
    if (fullness >= 2 && targets < marks[2]) marks[2] = targets;
  }

  #add(nic: number, inhabited: number): void {
    const marks = this.#marks;
    const target = this.#targetBytes[nic];
    const bytes = this.#nics.pendingBytes[nic];
    this.targetBytes += target | 0;
    if (bytes >= target * marks[2]) {
      this.overfull |= 1 << nic;
      return;
    }
    this.reservedBytes += Math.ceil(target * marks[2] - bytes) | 0;
    if (bytes >= target * marks[1]) {
      this.overfull |= inhabited & (1 << nic);
      return;
    }
    this.sharesBytes += Math.ceil(target * marks[1] - bytes) | 0;
    if (bytes < target * marks[0]) this.anyBytes += Math.ceil(target * marks[0] - bytes) | 0;
  }
}
