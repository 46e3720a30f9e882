import {
  DROP_REASON_COUNT,
  DropReason,
  ETHERNET_HEADER_BYTES,
  FrameBurst,
  macWord0,
  macWord1,
  type VmTable,
  type VnicPort,
} from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';
import { RxDelay } from './rx-delay.ts';

const NOBODY = -1;

/**
 * The host's side of a virtual NIC, on the device thread: the producer of its VMs' transmit rings and the consumer of
 * their receive rings. With several VMs behind it, the source MAC of each frame says whose ring it goes to.
 *
 * @example
 * ```ts
 * import { Arena, createArena } from '@fairlead/core/stages';
 *
 * const shape = { vms: 2, nics: 1, workers: 1, poolFrames: 1024, slotBytes: 2048, txRingFrames: 16, rxRingFrames: 16 };
 * const handle = createArena({ ...shape, nicRingFrames: 64 }, { nics: ['uplink0'], vms: ['web', 'db'] });
 * const arena = new Arena(handle, 0);
 * import { ArenaPort } from '@fairlead/core/stages';
 * import { parseMac } from '@fairlead/sdk';
 *
 * const devices = new Arena(handle, shape.workers);
 * const port = new ArenaPort(devices, 'web', [0], false, [parseMac('52:54:00:00:00:01')]);
 * const frame = new Uint8Array(60);
 * port.push(frame, 0, frame.length); // copied into a slot, and onto the VM's transmit ring
 * port.flush(); // now the loop sees it
 * console.log(arena.txRings.length(0)); // 1
 * ```
 */
export class ArenaPort implements VnicPort {
  readonly name: string;
  readonly vm: number;
  readonly macs: readonly Uint8Array[];
  readonly maxFrameBytes: number;
  readonly #arena: Arena;
  readonly #table: VmTable;
  readonly #vms: readonly number[];
  /** VMs with staged frames, when there are several. */
  readonly #dirty = new Set<number>();
  #staged = 0;
  /** Descriptors of the frames that were pulled and not yet released, and whose ring each came from. */
  readonly #pulled: Int32Array;
  readonly #pulledFrom: Int32Array;
  #pulledCount = 0;
  /** By VM, of those whose received frames wait; undefined while there is none. */
  #delays: Map<number, RxDelay> | undefined;
  #nowUs = 0;

  constructor(arena: Arena, name: string, vms: readonly number[], shared: boolean, macs: readonly Uint8Array[]) {
    this.#arena = arena;
    this.#table = arena.vms;
    this.#vms = vms;
    this.name = name;
    this.vm = shared ? NOBODY : (vms[0] as number);
    this.macs = macs;
    this.maxFrameBytes = arena.pool.maxFrameBytes;
    this.#pulled = new Int32Array(arena.rxRings.size);
    this.#pulledFrom = new Int32Array(arena.rxRings.size);
  }

  room(): number {
    let least = this.#arena.txRings.size;
    for (const vm of this.#vms) {
      const room = this.#arena.txRings.room(vm);
      if (room < least) least = room;
    }
    return least;
  }

  push(source: Uint8Array, start: number, end: number): boolean {
    const bytes = end - start;
    if (bytes < ETHERNET_HEADER_BYTES) return this.#refuseFor(this.#vms[0] as number, DropReason.Runt);
    const vm = this.vm !== NOBODY ? this.vm : this.#owner(source, start);
    if (vm === NOBODY) return this.#refuseFor(this.#vms[0] as number, DropReason.Spoofed);
    if (bytes > this.maxFrameBytes) return this.#refuseFor(vm, DropReason.Oversize);
    const { txRings, pool } = this.#arena;
    if (txRings.room(vm) <= 0) {
      // A lone VM waits for its own ring; behind a shared port it must not hold up the others.
      return this.vm === NOBODY ? this.#refuseFor(vm, DropReason.RingFull) : false;
    }
    const slot = pool.allocate();
    if (slot < 0) return this.vm === NOBODY ? this.#refuseFor(vm, DropReason.PoolEmpty) : false;
    const at = pool.offset(slot);
    if (bytes <= SHORT_BYTES) for (let i = 0; i < bytes; i++) pool.memory[at + i] = source[start + i];
    else pool.memory.set(source.subarray(start, end), at);
    pool.slotVm[slot] = vm;
    txRings.stage(vm, pool.descriptor(slot, bytes));
    this.#table.acceptedFrames[vm]++;
    this.#table.acceptedBytes[vm] += bytes;
    this.#staged++;
    if (this.vm === NOBODY) this.#dirty.add(vm);
    return true;
  }

  #owner(source: Uint8Array, start: number): number {
    const mac = source.subarray(start + 6, start + 12);
    const word0 = macWord0(mac);
    const word1 = macWord1(mac);
    for (const vm of this.#vms) {
      if (this.#table.macWord0[vm] === word0 && this.#table.macWord1[vm] === word1) return vm;
    }
    return NOBODY;
  }

  #refuseFor(vm: number, reason: DropReason): true {
    this.#table.acceptedFrames[vm]++;
    this.#table.refused[vm * DROP_REASON_COUNT + reason]++;
    return true;
  }

  refuse(reason: DropReason): void {
    this.#refuseFor(this.#vms[0] as number, reason);
  }

  flush(): void {
    if (this.#staged === 0) return;
    this.#staged = 0;
    if (this.vm !== NOBODY) this.#announce(this.vm);
    else {
      for (const vm of this.#dirty) this.#announce(vm);
      this.#dirty.clear();
    }
  }

  #announce(vm: number): void {
    const { txRings, txDoorbells, threads } = this.#arena;
    const worker = this.#table.worker[vm];
    txRings.publish(vm);
    txDoorbells[worker]?.ring(vm);
    threads.wake(worker);
  }

  /** What a VM receives waits for so long before its virtual NIC sees it; 0: what waits may go at once. */
  delay(vm: number, delayUs: number, nowUs: number): void {
    const delays = this.#delays ?? new Map<number, RxDelay>();
    if (delayUs > 0) {
      const delay = delays.get(vm) ?? new RxDelay(this.#arena.rxRings, vm);
      delay.delayUs = delayUs;
      delays.set(vm, delay);
    } else delays.delete(vm);
    this.#delays = delays.size > 0 ? delays : undefined;
    this.look(nowUs);
  }

  /** Notes what has come. Called before the virtual NIC is polled. */
  look(nowUs: number): void {
    if (this.#delays === undefined) return;
    this.#nowUs = nowUs;
    for (const delay of this.#delays.values()) delay.look(nowUs);
  }

  /** When the next frame that waits may be pulled, in microseconds; Infinity when none waits. */
  get nextPullUs(): number {
    if (this.#delays === undefined) return Number.POSITIVE_INFINITY;
    let next = Number.POSITIVE_INFINITY;
    for (const delay of this.#delays.values()) next = Math.min(next, delay.nextUs(this.#nowUs));
    return next;
  }

  pull(burst: FrameBurst): number {
    const { pool, rxRings } = this.#arena;
    let count = 0;
    for (const vm of this.#vms) {
      let waiting = rxRings.length(vm);
      const delay = this.#delays?.get(vm);
      if (delay !== undefined) waiting = delay.due(this.#nowUs, waiting);
      for (let i = 0; i < waiting && count < burst.capacity && count < this.#pulled.length; i++) {
        const descriptor = rxRings.entry(vm, i);
        this.#pulled[count] = descriptor;
        this.#pulledFrom[count] = vm;
        burst.offset[count] = pool.offset(descriptor >>> pool.lengthBits);
        burst.bytes[count++] = descriptor & pool.lengthMask;
      }
    }
    burst.count = count;
    this.#pulledCount = count;
    return count;
  }

  release(count: number): void {
    const { pool, rxRings } = this.#arena;
    const n = count < this.#pulledCount ? count : this.#pulledCount;
    for (let i = 0; i < n; i++) {
      const vm = this.#pulledFrom[i] as number;
      rxRings.consume(vm, 1);
      this.#delays?.get(vm)?.taken();
      this.#table.rxTakenFrames[vm]++;
      pool.free((this.#pulled[i] as number) >>> pool.lengthBits);
    }
    this.#pulledCount = 0;
  }

  /** Takes a frame that came with a VM, as if the VM sent it now; without room for it it is dropped and counted. */
  accept(vm: number, frame: Uint8Array): void {
    if (!this.push(frame, 0, frame.length)) this.#refuseFor(vm, DropReason.RingFull);
  }

  /**
   * Takes away what a VM has not received yet, because it goes to another host: counted as `migrated`, a cell that nobody
   * else writes. What its device has in its hands stays.
   */
  withdraw(vm: number): Uint8Array[] {
    const { pool, rxRings } = this.#arena;
    if (this.#pulledCount > 0) return [];
    const frames: Uint8Array[] = [];
    for (let left = rxRings.length(vm); left > 0; left--) {
      const descriptor = rxRings.entry(vm, 0);
      rxRings.consume(vm, 1);
      const slot = descriptor >>> pool.lengthBits;
      const at = pool.offset(slot);
      frames.push(pool.memory.slice(at, at + (descriptor & pool.lengthMask)));
      pool.free(slot);
      this.#table.rxDropped[vm * DROP_REASON_COUNT + DropReason.Migrated]++;
    }
    return frames;
  }

  createBurst(capacity: number): FrameBurst {
    const { pool } = this.#arena;
    return new FrameBurst(pool.memory, capacity, pool.maxFrameBytes);
  }
}

/** Up to this length a loop is faster than making a view for `set` (51 ns). */
const SHORT_BYTES = 64;
