import { DROP_REASON_COUNT, DropReason } from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';
import { Policer } from './policer.ts';

const NOBODY = -1;

/**
 * Puts frames into the receive rings of VMs. Each VM's ring has one producer, the worker that owns the VM; a frame for
 * another worker's VM goes to that worker through a hand-off ring.
 *
 * @example
 * ```ts
 * import { Arena, createArena } from '@fairlead/core/stages';
 *
 * const shape = { vms: 2, nics: 1, workers: 1, poolFrames: 1024, slotBytes: 2048, txRingFrames: 16, rxRingFrames: 16 };
 * const handle = createArena({ ...shape, nicRingFrames: 64 }, { nics: ['uplink0'], vms: ['web', 'db'] });
 * const arena = new Arena(handle, 0);
 * import { Delivery } from '@fairlead/core/stages';
 *
 * const delivery = new Delivery(arena, 0);
 * const slot = arena.pool.allocate();
 * delivery.deliver(1, arena.pool.descriptor(slot, 60)); // onto the receive ring of VM 1
 * delivery.flush();
 * console.log(arena.rxRings.length(1)); // 1
 * ```
 */
export class Delivery {
  readonly #arena: Arena;
  readonly #worker: number;
  readonly #workers: number;
  /** Drops what VMs receive beyond their rates. */
  readonly policer: Policer;
  #unpublished = NOBODY;
  #delivered = false;

  constructor(arena: Arena, worker: number) {
    this.#arena = arena;
    this.#worker = worker;
    this.#workers = arena.handle.shape.workers;
    this.policer = new Policer(arena.vms.policedInboundBps, arena.pool.maxFrameBytes);
  }

  /** Gives a frame, and its slot, to a VM. It is counted and gone when there is no room. */
  deliver(vm: number, descriptor: number): void {
    const owner = this.#arena.vms.worker[vm];
    if (owner === this.#worker) this.push(vm, descriptor);
    else this.#handOff(owner, vm, descriptor);
  }

  /** Gives every VM of some teams (a bit set), but `except`, a copy of a frame; the caller keeps the frame. */
  flood(descriptor: number, except: number, teams: number): void {
    const { networks, pool, vms } = this.#arena;
    const from = pool.offset(descriptor >>> pool.lengthBits);
    const bytes = descriptor & pool.lengthMask;
    for (let vm = 0; vm < vms.count; vm++) {
      if (vm === except || ((teams >>> networks.team[vm]) & 1) === 0 || vms.away[vm] !== 0) continue;
      const slot = pool.allocate();
      if (slot < 0) {
        if (vms.worker[vm] === this.#worker) this.lost(vm, DropReason.PoolEmpty);
        else vms.rxHandoffDropped[vm]++;
        continue;
      }
      pool.memory.copyWithin(pool.offset(slot), from, from + bytes);
      this.deliver(vm, pool.descriptor(slot, bytes));
    }
  }

  /** A frame for a VM of this worker has come. */
  protected push(vm: number, descriptor: number): void {
    this.#arena.vms.rxOfferedFrames[vm]++;
    this.place(vm, descriptor);
  }

  /** Puts a frame that is counted as offered onto its VM's ring. */
  protected place(vm: number, descriptor: number): void {
    const { rxRings, vms, pool } = this.#arena;
    if (this.policer.on && this.policer.refuses(vm, descriptor & pool.lengthMask)) {
      pool.free(descriptor >>> pool.lengthBits);
      vms.rxDropped[vm * DROP_REASON_COUNT + DropReason.Policed]++;
      return;
    }
    if (this.#unpublished !== vm) {
      this.#publish();
      this.#unpublished = vm;
    }
    if (!rxRings.stage(vm, descriptor)) {
      pool.free(descriptor >>> pool.lengthBits);
      vms.rxDropped[vm * DROP_REASON_COUNT + DropReason.RingFull]++;
      return;
    }
    vms.rxFrames[vm]++;
    vms.rxBytes[vm] += descriptor & pool.lengthMask;
    this.#delivered = true;
  }

  /** Counts a frame that came for a VM and did not reach it. */
  lost(vm: number, reason: DropReason): void {
    const { vms } = this.#arena;
    vms.rxOfferedFrames[vm]++;
    vms.rxDropped[vm * DROP_REASON_COUNT + reason]++;
  }

  #publish(): void {
    const vm = this.#unpublished;
    if (vm === NOBODY) return;
    this.#arena.rxRings.publish(vm);
    this.#arena.rxDoorbell.ring(vm);
    this.#unpublished = NOBODY;
  }

  /** A ring that was full has room again: the device that waits for it is polled. */
  roomFor(vm: number): void {
    this.#arena.rxDoorbell.ring(vm);
    this.#delivered = true;
  }

  #handOff(owner: number, vm: number, descriptor: number): void {
    const { handoffRings, pool, vms } = this.#arena;
    const ring = this.#worker * this.#workers + owner;
    if (handoffRings.room(ring) < 2) {
      pool.free(descriptor >>> pool.lengthBits);
      vms.rxHandoffDropped[vm]++;
      return;
    }
    handoffRings.stage(ring, descriptor);
    handoffRings.stage(ring, vm);
    handoffRings.publish(ring);
    this.#arena.threads.wake(owner);
  }

  /** Takes in what other workers handed off to this one; returns how many frames. */
  takeHandoffs(): number {
    let frames = 0;
    const { handoffRings, vms } = this.#arena;
    for (let from = 0; from < this.#workers; from++) {
      if (from === this.#worker) continue;
      const ring = from * this.#workers + this.#worker;
      let pairs = handoffRings.length(ring) >>> 1;
      frames += pairs;
      for (; pairs > 0; pairs--) {
        const descriptor = handoffRings.entry(ring, 0);
        const vm = handoffRings.entry(ring, 1);
        handoffRings.consume(ring, 2);
        if (vm >= 0 && vm < vms.count && this.#arena.pool.isDescriptor(descriptor)) this.push(vm, descriptor);
      }
    }
    return frames;
  }

  /** Publishes what was delivered and wakes the device thread. Once per sweep. */
  flush(): void {
    this.#publish();
    if (!this.#delivered) return;
    this.#delivered = false;
    this.#arena.threads.wake(this.#arena.threads.deviceThread);
  }
}
