import type { Arena } from '../memory/arena.ts';

const ETHER_TYPE_AT = 12;

/** Told of a frame that is the host's own. The bytes are a copy. */
export type Listener = (nic: number, frame: Uint8Array, nowUs: number) => void;

/**
 * The control path's side of the host's own frames: sends them over a NIC of its choice or the way a VM's frames go, and
 * hears those of an EtherType that arrive. What a stranger sends is bounded by the ring: beyond it frames are dropped
 * and counted by the worker.
 */
export class HostFramePort {
  readonly #arena: Arena;
  readonly #listeners = new Map<number, Listener[]>();
  readonly #entry = { descriptor: 0, nic: 0, vm: 0 };

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Sends a frame over a NIC, whether that serves a team or not. False when there was no room: try later. */
  send(nic: number, frame: Uint8Array): boolean {
    return this.#put(0, frame, nic, -1);
  }

  /** Sends a frame on behalf of a VM, over the NIC that its load distribution chooses. */
  sendFor(vm: number, frame: Uint8Array): boolean {
    return this.#put(this.#arena.vms.worker[vm], frame, -1, vm);
  }

  #put(worker: number, frame: Uint8Array, nic: number, vm: number): boolean {
    const { pool, hostRings, threads } = this.#arena;
    if (frame.length > pool.maxFrameBytes) throw new RangeError(`a frame of ${frame.length} bytes fits no slot`);
    const slot = pool.allocate();
    if (slot < 0) return false;
    pool.memory.set(frame, pool.offset(slot));
    if (!hostRings.put(hostRings.outbound(worker), pool.descriptor(slot, frame.length), nic, vm)) {
      pool.free(slot);
      return false;
    }
    threads.wake(worker);
    return true;
  }

  /**
   * Hears frames of an EtherType: those to a group address (`group`), which no VM then gets, or those to an address that
   * no VM has.
   */
  listen(etherType: number, group: boolean, listener: Listener): void {
    if (!this.#arena.hostRings.listen(etherType, group)) throw new RangeError('too many EtherTypes are listened to');
    this.#listeners.set(etherType, [...(this.#listeners.get(etherType) ?? []), listener]);
  }

  /** Hears what has arrived. Called by the runtime; returns how many frames. */
  poll(nowUs: number): number {
    const { hostRings, pool, handle } = this.#arena;
    let heard = 0;
    for (let worker = 0; worker < handle.shape.workers; worker++) {
      const ring = hostRings.inbound(worker);
      for (let left = hostRings.length(ring); left > 0; left--) {
        hostRings.peek(ring, this.#entry);
        const { descriptor, nic } = this.#entry;
        hostRings.take(ring);
        if (!pool.isDescriptor(descriptor)) continue;
        const slot = descriptor >>> pool.lengthBits;
        const from = pool.offset(slot);
        const frame = pool.memory.slice(from, from + (descriptor & pool.lengthMask));
        pool.free(slot);
        heard++;
        const etherType = ((frame[ETHER_TYPE_AT] as number) << 8) | (frame[ETHER_TYPE_AT + 1] as number);
        for (const listener of this.#listeners.get(etherType) ?? []) listener(nic, frame, nowUs);
      }
    }
    return heard;
  }
}
