import { FrameBurst, type NicDriver } from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';
import { RING_CONTROL_WORDS, RING_TAIL_WORD } from '../memory/layout.ts';
import { type Enter, Phase } from '../memory/threads.ts';
import type { Dispatcher } from './dispatch.ts';

/** Entries that are looked at in one sweep: a storm of announcements does not hold up the VMs' frames. */
const MAX_A_SWEEP = 64;

/**
 * Sends the host's own frames: past the NICs' queues, straight to the driver, also over NICs that carry no VM's frames
 * now. They are no VM's, and are counted apart (`hostFrames`). One that the driver does not take waits; one whose driver
 * throws is lost, as a frame on a broken wire is, and whoever sent it sends another.
 */
export class HostFrames {
  readonly #arena: Arena;
  readonly #worker: number;
  readonly #enter: Enter;
  readonly #dispatcher: Dispatcher;
  readonly #drivers: readonly NicDriver[];
  readonly #driverFailed: (nic: number, hook: string, cause: unknown) => void;
  readonly #burst: FrameBurst;
  readonly #entry = { descriptor: 0, nic: 0, vm: 0 };

  constructor(
    arena: Arena,
    worker: number,
    dispatcher: Dispatcher,
    drivers: readonly NicDriver[],
    driverFailed: (nic: number, hook: string, cause: unknown) => void,
  ) {
    this.#arena = arena;
    this.#worker = worker;
    this.#enter = arena.threads.createEnter(worker);
    this.#dispatcher = dispatcher;
    this.#drivers = drivers;
    this.#driverFailed = driverFailed;
    this.#burst = new FrameBurst(arena.pool.memory, 1, arena.pool.maxFrameBytes);
  }

  /** True when something is to be sent: two plain reads, since a sweep later is soon enough. */
  get waiting(): boolean {
    const { control } = this.#arena.hostRings.rings;
    const word = this.#arena.hostRings.outbound(this.#worker) * RING_CONTROL_WORDS;
    return control[word] !== control[word + RING_TAIL_WORD];
  }

  /** Sends what the control path has put into its ring; returns how many frames. */
  poll(nowUs: number): number {
    const { hostRings, pool } = this.#arena;
    const ring = hostRings.outbound(this.#worker);
    let sent = 0;
    while (sent < MAX_A_SWEEP && hostRings.length(ring) > 0) {
      hostRings.peek(ring, this.#entry);
      if (!this.#send(nowUs)) break;
      // First out of the ring, then free: a worker that dies in between leaves it to the audit, never in two places.
      hostRings.take(ring);
      if (pool.isDescriptor(this.#entry.descriptor)) pool.free(this.#entry.descriptor >>> pool.lengthBits);
      sent++;
    }
    return sent;
  }

  /** True when the frame is done with. */
  #send(nowUs: number): boolean {
    const { pool, nics } = this.#arena;
    const { descriptor, vm } = this.#entry;
    if (!pool.isDescriptor(descriptor)) return true;
    const slot = descriptor >>> pool.lengthBits;
    const bytes = descriptor & pool.lengthMask;
    const nic = this.#entry.nic >= 0 ? this.#entry.nic : this.#dispatcher.choose(vm, descriptor, nowUs);
    if (nic < 0 || nic >= nics.count) return true; // nowhere to go
    const burst = this.#burst;
    burst.offset[0] = pool.offset(slot);
    burst.bytes[0] = bytes;
    burst.count = 1;
    burst.nowUs = nowUs;
    burst.failed[0] = 0;
    burst.failures = 0;
    this.#enter(Phase.Send, nic);
    let taken = 1;
    try {
      taken = (this.#drivers[nic] as NicDriver).send(burst);
      if (taken > 0 && burst.failures === 0) nics.hostFrames[nic]++;
    } catch (cause) {
      this.#driverFailed(nic, 'send', cause);
    }
    this.#enter(Phase.Core, nic);
    return taken > 0;
  }
}
