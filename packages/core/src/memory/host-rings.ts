import { HOST_RING_ENTRIES, LISTENER_WORDS } from './layout.ts';
import { RingGroup } from './ring-group.ts';

/** Words of one entry: descriptor, NIC, VM. */
const ENTRY_WORDS = 3;
const NOBODY = -1;

/** A frame of the host's own on its way between the control path and a forwarding worker. */
export interface HostEntry {
  descriptor: number;
  /** NIC it is to leave by, or has come from; -1: load distribution chooses, as for a frame of `vm`. */
  nic: number;
  /** VM on whose behalf it is sent; -1: none. */
  vm: number;
}

/**
 * The way of frames that are the host's own and no VM's: announcements, beacons, probes, LACP. To each worker a ring
 * from the control path, from each worker a ring back, and the EtherTypes that the control path listens to.
 */
export class HostRings {
  readonly rings: RingGroup;
  readonly #workers: number;
  readonly #listeners: Int32Array;

  constructor(memory: SharedArrayBuffer, at: { hostRings: number; listeners: number }, workers: number) {
    this.rings = new RingGroup(memory, at.hostRings, 2 * workers, HOST_RING_ENTRIES);
    this.#workers = workers;
    this.#listeners = new Int32Array(memory, at.listeners, LISTENER_WORDS);
  }

  /** Ring from the control path to a worker. */
  outbound(worker: number): number {
    return worker;
  }

  /** Ring from a worker to the control path. */
  inbound(worker: number): number {
    return this.#workers + worker;
  }

  /** False when there is no room. */
  put(ring: number, descriptor: number, nic: number, vm = NOBODY): boolean {
    const { rings } = this;
    if (rings.room(ring) < ENTRY_WORDS) return false;
    rings.stage(ring, descriptor);
    rings.stage(ring, nic);
    rings.stage(ring, vm);
    rings.publish(ring);
    return true;
  }

  /** Entries that wait. */
  length(ring: number): number {
    return Math.floor(this.rings.length(ring) / ENTRY_WORDS);
  }

  /** Reads the first entry. */
  peek(ring: number, entry: HostEntry): void {
    entry.descriptor = this.rings.entry(ring, 0);
    entry.nic = this.rings.entry(ring, 1);
    entry.vm = this.rings.entry(ring, 2);
  }

  /** Takes the first entry away. */
  take(ring: number): void {
    this.rings.consume(ring, ENTRY_WORDS);
  }

  /** Descriptors of all frames that are on their way; for an audit. */
  *descriptors(): Generator<number> {
    for (let ring = 0; ring < this.rings.rings; ring++) {
      for (let i = 0; i < this.length(ring); i++) yield this.rings.entry(ring, ENTRY_WORDS * i);
    }
  }

  /**
   * Has frames of an EtherType given to the control path: those to a group address (`group`), which no VM then gets, or
   * those to an address that no VM has. Control path only. False when too many are listened to.
   */
  listen(etherType: number, group: boolean): boolean {
    const word = etherType | (group ? GROUP : 0);
    for (let i = 0; i < LISTENER_WORDS; i++) {
      const known = Atomics.load(this.#listeners, i);
      if (known === word) return true;
      if (known !== 0) continue;
      Atomics.store(this.#listeners, i, word);
      return true;
    }
    return false;
  }

  /** True when a frame is for the control path. */
  isListenedTo(etherType: number, group: boolean): boolean {
    const word = etherType | (group ? GROUP : 0);
    for (let i = 0; i < LISTENER_WORDS && this.#listeners[i] !== 0; i++) if (this.#listeners[i] === word) return true;
    return false;
  }
}

const GROUP = 1 << 16;
