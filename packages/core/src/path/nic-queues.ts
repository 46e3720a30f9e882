import { DROP_REASON_COUNT, DropReason, FrameBurst, type NicDriver, type NicTable, type VmTable } from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';
import { type FramePool, HEADROOM_BYTES, HELD_FILL, HELD_MAGAZINE } from '../memory/frame-pool.ts';
import { MAGAZINE_FRAMES, RING_CONTROL_WORDS, RING_TAIL_WORD } from '../memory/layout.ts';
import { type Enter, Phase } from '../memory/threads.ts';
import { wrongCount } from './plugin-failure.ts';
import type { SampledCalls } from './sampled-calls.ts';

/** Frames in one driver call. */
export const BURST_FRAMES = 64;

/** Offers a NIC's driver what waits for it; returns how many frames it took. */
export type Drain = (nic: number, nowUs: number) => number;

/**
 * One worker's transmit queues, one on every NIC. The worker is both producer (the transmit path) and consumer (the
 * drain into the driver); the queues are in shared memory so that frames outlive a worker that dies.
 *
 * `tail` runs ahead of the published tail within a batch: a batch that is not committed has not happened.
 *
 * @example
 * ```ts
 * import type { Forwarder, NicQueues } from '@fairlead/core/stages';
 *
 * // Frames that wait for a NIC, in one worker.
 * function waiting(loop: Forwarder, nic: number): number {
 *   const queues: NicQueues = loop.queues;
 *   return queues.length(nic);
 * }
 * ```
 */
export class NicQueues {
  /** Entries of each queue, a power of two. */
  readonly size: number;
  /** What an entry's number is taken through to find its place. */
  readonly mask: number;
  /** Descriptors, of all queues. */
  readonly entries: Int32Array;
  /** Where the next frame of each NIC goes. */
  readonly tail: Int32Array;
  /** Where the next frame for the driver is. */
  readonly head: Int32Array;
  /** Entry number of ring 0 of this worker. */
  readonly base: number;
  /** Published positions: word `controlBase + nic * RING_CONTROL_WORDS` is the head of the queue of NIC `nic`. */
  readonly control: Int32Array;
  /** Where the heads and tails of this worker's queues begin. */
  readonly controlBase: number;
  /** Offers a NIC's frames to its driver; returns how many it took. */
  readonly drain: Drain;
  readonly #arena: Arena;
  readonly #nics: NicTable;
  readonly #vms: VmTable;
  readonly #pool: FramePool;
  readonly #drivers: readonly NicDriver[];
  readonly #burst: FrameBurst;

  constructor(
    arena: Arena,
    worker: number,
    drivers: readonly NicDriver[],
    driverFailed: (nic: number, hook: string, cause: unknown) => void,
    sampled: SampledCalls,
  ) {
    const { nicRings, nics, vms, pool } = arena;
    this.#arena = arena;
    this.#nics = nics;
    this.#vms = vms;
    this.#pool = pool;
    this.#drivers = drivers;
    this.size = nicRings.size;
    this.mask = nicRings.mask;
    this.entries = nicRings.entries;
    this.base = worker * nics.count * nicRings.size;
    this.control = nicRings.control;
    this.controlBase = worker * nics.count * RING_CONTROL_WORDS;
    this.tail = new Int32Array(nics.count);
    this.head = new Int32Array(nics.count);
    this.#burst = new FrameBurst(pool.memory, BURST_FRAMES, pool.maxFrameBytes);
    this.drain = this.#createDrain(arena.threads.createEnter(worker), driverFailed, sampled);
    for (let nic = 0; nic < nics.count; nic++) this.#attach(nic);
  }

  /** Takes over what a worker before this one left: positions, and the pending counts that follow from them. */
  #attach(nic: number): void {
    const word = this.controlBase + nic * RING_CONTROL_WORDS;
    this.head[nic] = this.control[word];
    this.tail[nic] = this.control[word + RING_TAIL_WORD];
    let bytes = 0;
    for (let at = this.head[nic]; at !== this.tail[nic]; at = (at + 1) | 0) {
      bytes += this.entries[this.base + nic * this.size + (at & this.mask)] & this.#arena.pool.lengthMask;
    }
    this.#nics.pendingBytes[nic] = bytes;
    this.#nics.pendingFrames[nic] = (this.tail[nic] - this.head[nic]) | 0;
  }

  /** Frames that wait in a NIC's queue. */
  length(nic: number): number {
    return (this.tail[nic] - this.head[nic]) | 0;
  }

  /** Frames for which there is room in a NIC's queue. */
  room(nic: number): number {
    return this.size - this.length(nic);
  }

  /** Bit set of the NICs that are none of a set and on whose queues frames wait. */
  leftBehind(serving: number): number {
    let mask = 0;
    for (let nic = 0; nic < this.head.length; nic++) {
      if (((serving >>> nic) & 1) === 0 && this.length(nic) > 0) mask |= 1 << nic;
    }
    return mask;
  }

  /** A hot function, see forwarder.ts. */
  #createDrain(
    enter: Enter,
    driverFailed: (nic: number, hook: string, cause: unknown) => void,
    sampled: SampledCalls,
  ): Drain {
    const { entries, tail, head, base, size, mask, control, controlBase } = this;
    const { magazines, held, lengthBits, lengthMask, slotStride } = this.#pool;
    const { pendingBytes, pendingFrames, txFrames, txBytes } = this.#nics;
    const { offset, bytes } = this.#burst;
    const fixed = {
      queue: { entries, tail, head, base, size, mask, control, controlBase, controlWords: RING_CONTROL_WORDS },
      slot: { lengthBits, lengthMask, slotStride, headroom: HEADROOM_BYTES },
      free: { magazines, held, magazineFrames: MAGAZINE_FRAMES, magazineAt: HELD_MAGAZINE, fillAt: HELD_FILL },
      count: { pendingBytes, pendingFrames, txFrames, txBytes },
      out: { burst: this.#burst, offset, bytes, burstFrames: BURST_FRAMES },
      pool: this.#pool,
      drivers: this.#drivers,
      enter,
      sending: Phase.Send,
      sampled,
      countdown: sampled.sending,
    };
    const drain: Drain = (nic, nowUs) => {
      const { entries, tail, head, base, size, mask, control, controlBase, controlWords } = fixed.queue;
      const { lengthBits, lengthMask, slotStride, headroom } = fixed.slot;
      const { magazines, held, magazineFrames, magazineAt, fillAt } = fixed.free;
      const { pendingBytes, pendingFrames, txFrames, txBytes } = fixed.count;
      const { burst, offset, bytes, burstFrames } = fixed.out;
      const { pool, drivers, enter, sending, sampled, countdown } = fixed;
      const ring = base + Math.imul(nic, size);
      let taken = 0;
      while (tail[nic] !== head[nic]) {
        const from = head[nic];
        const waiting = (tail[nic] - from) | 0;
        const count = waiting < burstFrames ? waiting : burstFrames;
        // The slots are listed where they go when the driver has taken the frames: behind the free ones.
        pool.makeRoom();
        const fill = held[fillAt];
        const free = (Math.imul(held[magazineAt], magazineFrames) + fill) | 0;
        let total = 0;
        for (let i = 0; i < count; i = (i + 1) | 0) {
          const descriptor = entries[ring + ((from + i) & mask)];
          const slot = descriptor >>> lengthBits;
          const length = descriptor & lengthMask;
          magazines[free + i] = slot;
          offset[i] = Math.imul(slot, slotStride) + headroom;
          bytes[i] = length;
          total = (total + length) | 0;
        }
        burst.count = count;
        burst.nowUs = nowUs;
        if (burst.failures !== 0) this.#unmark();

        enter(sending, nic);
        let sent = 0;
        try {
          const driver = drivers[nic] as NicDriver;
          sent = --countdown.left > 0 ? driver.send(burst) : sampled.send(driver, nic, burst);
        } catch (cause) {
          driverFailed(nic, 'send', cause);
        }
        if (!(sent > 0)) {
          if (sent !== 0) driverFailed(nic, 'send', wrongCount('send', sent, count));
          break;
        }
        if (sent > count) driverFailed(nic, 'send', wrongCount('send', sent, count));
        sent = sent < count ? sent | 0 : count;

        for (let i = sent; i < count; i = (i + 1) | 0) total = (total - bytes[i]) | 0;
        if (burst.failures !== 0) this.#refuseFailed(nic, sent);
        held[fillAt] = fill + sent;
        const position = (from + sent) | 0;
        head[nic] = position;
        control[controlBase + Math.imul(nic, controlWords)] = position;
        pendingBytes[nic] -= total;
        pendingFrames[nic] -= sent;
        txFrames[nic] += sent;
        txBytes[nic] += total;
        taken = (taken + sent) | 0;
        if (sent < count) break;
      }
      return taken;
    };
    return drain;
  }

  #refuseFailed(nic: number, sent: number): void {
    const { bytes, failed } = this.#burst;
    for (let i = 0; i < sent; i++) {
      if (failed[i] === 0) continue;
      this.#nics.txFrames[nic]--;
      this.#nics.txBytes[nic] -= bytes[i];
      this.#refuse(nic, this.#pool.slotVm[this.#slot(nic, i)], bytes[i], DropReason.NicError);
    }
    this.#unmark();
  }

  /** A frame marked as failed but not consumed is offered again, unmarked. */
  #unmark(): void {
    this.#burst.failed.fill(0);
    this.#burst.failures = 0;
  }

  /** Slot of frame `i` of the burst. */
  #slot(nic: number, i: number): number {
    return this.entries[this.base + nic * this.size + ((this.head[nic] + i) & this.mask)] >>> this.#pool.lengthBits;
  }

  /** A frame that was handed to the NIC and that the NIC will never send: it was dropped, not transmitted. */
  #refuse(nic: number, vm: number, bytes: number, reason: DropReason): void {
    this.#nics.dropped[nic * DROP_REASON_COUNT + reason]++;
    this.#vms.transmittedFrames[vm]--;
    this.#vms.transmittedBytes[vm] -= bytes;
    this.#vms.dropped[vm * DROP_REASON_COUNT + reason]++;
  }

  /** Drops all that waits on a NIC's queue: it was handed over, and will not be sent after all. */
  discard(nic: number, reason: DropReason): true {
    const waiting = this.length(nic);
    let bytes = 0;
    for (let i = 0; i < waiting; i++) {
      const slot = this.#slot(nic, i);
      const length =
        this.entries[this.base + nic * this.size + ((this.head[nic] + i) & this.mask)] & this.#pool.lengthMask;
      bytes += length;
      this.#refuse(nic, this.#pool.slotVm[slot], length, reason);
      this.#pool.free(slot);
    }
    this.#leave(nic, waiting, bytes);
    return true;
  }

  #leave(nic: number, count: number, bytes: number): void {
    this.head[nic] = this.head[nic] + count;
    this.control[this.controlBase + nic * RING_CONTROL_WORDS] = this.head[nic];
    this.#nics.pendingBytes[nic] -= bytes;
    this.#nics.pendingFrames[nic] -= count;
  }

  /** Takes the first `count` frames back from a NIC's queue: they are another NIC's now. */
  takenBack(nic: number, count: number, bytes: number): void {
    this.#leave(nic, count, bytes);
    this.#nics.takenBackFrames[nic] += count;
  }
}
