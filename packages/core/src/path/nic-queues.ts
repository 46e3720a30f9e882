import { DROP_REASON_COUNT, DropReason, FrameBurst, type NicDriver, type NicTable, type VmTable } from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';
import { RING_CONTROL_WORDS, RING_TAIL_WORD } from '../memory/layout.ts';
import { Phase } from '../memory/threads.ts';
import { createList, type List, type QueueArrays } from './hot-loops.ts';

/** Frames in one driver call. */
export const BURST_FRAMES = 64;

/**
 * One worker's transmit queues, one on every NIC. The worker is both producer (the transmit path) and consumer (the
 * drain into the driver); the queues are in shared memory so that frames outlive a worker that dies.
 *
 * `tail` runs ahead of the published tail within a batch: a batch that is not committed has not happened.
 */
export class NicQueues implements QueueArrays {
  readonly size: number;
  readonly mask: number;
  readonly entries: Int32Array;
  /** Where the next frame of each NIC goes. */
  readonly tail: Int32Array;
  /** Where the next frame for the driver is. */
  readonly head: Int32Array;
  /** Entry number of ring 0 of this worker. */
  readonly base: number;
  readonly #control: Int32Array;
  readonly #controlBase: number;
  readonly #arena: Arena;
  readonly #nics: NicTable;
  readonly #vms: VmTable;
  readonly #drivers: readonly NicDriver[];
  readonly #worker: number;
  readonly #burst: FrameBurst;
  /** Slots of the frames in the burst. */
  readonly #slots = new Int32Array(BURST_FRAMES);
  #burstBytes = 0;
  readonly #list: List;
  readonly #driverFailed: (nic: number, hook: string, cause: unknown) => void;

  constructor(
    arena: Arena,
    worker: number,
    drivers: readonly NicDriver[],
    driverFailed: (nic: number, hook: string, cause: unknown) => void,
  ) {
    const { nicRings, nics, vms, pool } = arena;
    this.#arena = arena;
    this.#nics = nics;
    this.#vms = vms;
    this.#drivers = drivers;
    this.#worker = worker;
    this.#driverFailed = driverFailed;
    this.size = nicRings.size;
    this.mask = nicRings.mask;
    this.entries = nicRings.entries;
    this.base = worker * nics.count * nicRings.size;
    this.#control = nicRings.control;
    this.#controlBase = worker * nics.count * RING_CONTROL_WORDS;
    this.tail = new Int32Array(nics.count);
    this.head = new Int32Array(nics.count);
    this.#burst = new FrameBurst(pool.memory, BURST_FRAMES, pool.maxFrameBytes);
    this.#list = createList(pool, this, this.#slots, this.#burst.offset, this.#burst.bytes);
    for (let nic = 0; nic < nics.count; nic++) this.#attach(nic);
  }

  /** Takes over what a worker before this one left: positions, and the pending counts that follow from them. */
  #attach(nic: number): void {
    const word = this.#controlBase + nic * RING_CONTROL_WORDS;
    this.head[nic] = this.#control[word];
    this.tail[nic] = this.#control[word + RING_TAIL_WORD];
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

  /** Commits what was staged for a NIC. */
  publish(nic: number): void {
    const word = this.#controlBase + nic * RING_CONTROL_WORDS + RING_TAIL_WORD;
    const added = (this.tail[nic] - this.#control[word]) | 0;
    this.#control[word] = this.tail[nic];
    this.#nics.enqueuedFrames[nic] += added;
    this.#nics.pendingFrames[nic] += added;
  }

  /** Offers a NIC's frames to its driver; returns how many it took. */
  drain(nic: number, nowUs: number): number {
    let taken = 0;
    while (this.tail[nic] !== this.head[nic]) {
      const offered = this.#fill(nic, nowUs);
      let sent = 0;
      this.#arena.threads.enter(this.#worker, Phase.Send, nic);
      try {
        sent = (this.#drivers[nic] as NicDriver).send(this.#burst);
      } catch (cause) {
        this.#driverFailed(nic, 'send', cause);
      }
      if (!(sent > 0)) break;
      if (sent > offered) sent = offered;
      this.#finish(nic, sent | 0);
      taken += sent;
      if (sent < offered) break;
    }
    return taken;
  }

  #fill(nic: number, nowUs: number): number {
    const burst = this.#burst;
    const head = this.head[nic];
    const waiting = (this.tail[nic] - head) | 0;
    const n = waiting < BURST_FRAMES ? waiting : BURST_FRAMES;
    this.#burstBytes = this.#list(this.base + nic * this.size, head, n);
    burst.count = n;
    burst.nowUs = nowUs;
    if (burst.failures !== 0) this.#unmark();
    return n;
  }

  /** Accounts for the first `sent` frames of the burst and gives their slots back. */
  #finish(nic: number, sent: number): void {
    const { bytes, count } = this.#burst;
    let total = this.#burstBytes;
    for (let i = sent; i < count; i++) total -= bytes[i];
    if (this.#burst.failures !== 0) this.#refuseFailed(nic, sent);
    this.#arena.pool.freeAll(this.#slots, sent);
    this.head[nic] += sent;
    this.#control[this.#controlBase + nic * RING_CONTROL_WORDS] = this.head[nic];
    this.#nics.pendingBytes[nic] -= total;
    this.#nics.pendingFrames[nic] -= sent;
    this.#nics.txFrames[nic] += sent;
    this.#nics.txBytes[nic] += total;
  }

  #refuseFailed(nic: number, sent: number): void {
    const { bytes, failed } = this.#burst;
    for (let i = 0; i < sent; i++) {
      if (failed[i] === 0) continue;
      this.#nics.txFrames[nic]--;
      this.#nics.txBytes[nic] -= bytes[i];
      this.#refuse(nic, this.#arena.pool.slotVm[this.#slots[i]], bytes[i]);
    }
    this.#unmark();
  }

  /** A frame marked as failed but not consumed is offered again, unmarked. */
  #unmark(): void {
    this.#burst.failed.fill(0);
    this.#burst.failures = 0;
  }

  /** A frame that was handed to the NIC and that the NIC will never send: it was dropped, not transmitted. */
  #refuse(nic: number, vm: number, bytes: number): void {
    this.#nics.dropped[nic * DROP_REASON_COUNT + DropReason.NicError]++;
    this.#vms.transmittedFrames[vm]--;
    this.#vms.transmittedBytes[vm] -= bytes;
    this.#vms.dropped[vm * DROP_REASON_COUNT + DropReason.NicError]++;
  }

  /** Takes the first `count` frames back from a NIC's queue: they are another NIC's now. */
  takenBack(nic: number, count: number, bytes: number): void {
    this.head[nic] = this.head[nic] + count;
    this.#control[this.#controlBase + nic * RING_CONTROL_WORDS] = this.head[nic];
    this.#nics.pendingBytes[nic] -= bytes;
    this.#nics.pendingFrames[nic] -= count;
    this.#nics.takenBackFrames[nic] += count;
  }
}
