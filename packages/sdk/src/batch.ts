import { type DropReason, Verdict } from './verdict.ts';

/** Frames in one kernel call, at most. */
export const MAX_BATCH = 256;

/**
 * In `batch.nic[i]`, in place of a NIC: this frame and all behind it wait in the VM's ring, and the policy is asked about
 * them again at the next sweep. For a flow that is about to leave a NIC which has not yet taken its earlier frames.
 */
export const NO_NIC_YET = -2;

/** In place of the frame pool, in a batch that no host has filled. */
const NO_MEMORY = new Uint8Array(0);

/**
 * A run of frames of one VM on their way out, in the order the VM sent them. The host owns the object and uses it
 * again for every batch: a kernel keeps nothing of it after it returns.
 *
 * @example
 * ```ts
 * import { DropReason, TransmitBatch } from '@fairlead/sdk';
 *
 * // As the host does it: three frames of VM 0 at 2 ms, all admitted so far.
 * const batch = new TransmitBatch();
 * batch.bytes.set([1514, 64, 1514]);
 * batch.begin(0, 3, 2000, 3);
 *
 * // As an admission policy answers: the second is dropped, the third waits for half a millisecond.
 * batch.drop(1, DropReason.Policed);
 * batch.queueFrom(2, 2500);
 * ```
 */
export class TransmitBatch {
  /** VM number, the row in `VmTable`. */
  vm = 0;
  /** Frames in this batch, 1 to 256. */
  count = 0;
  /** The injected clock, in microseconds, read once per sweep. */
  nowUs = 0;
  /** Frames the VM has waiting, those of this batch included. */
  backlog = 0;
  /** Length of each frame in bytes, from destination MAC to the end of the payload, without FCS. */
  readonly bytes: Int32Array;
  /** Flow hash of each frame; filled only when the plugin's definition asks for it (`needs: ['flow']`). */
  readonly flow: Int32Array;
  /**
   * The frame pool, to be read and never written, and only where the plugin's definition asks for it (`needs:
   * ['headers']`): frame `i` is `memory[offset[i]] … memory[offset[i] + bytes[i] - 1]`. What lies beyond is other VMs'.
   */
  memory: Uint8Array = NO_MEMORY;
  /** Where each frame begins in `memory`, in bytes; filled for `needs: ['headers']` alone. */
  readonly offset: Int32Array;
  /** Chosen NIC of each frame, or `NO_NIC_YET`: written by load distribution. */
  readonly nic: Int32Array;
  /** `Verdict` of each frame; written through `queueFrom` and `drop`. */
  readonly verdict: Uint8Array;
  /** `DropReason` of each dropped frame. */
  readonly reason: Uint8Array;
  /** First frame that has to wait; `count` when none has. */
  queuedFrom = 0;
  /** When the first waiting frame may be asked about again, in microseconds; 0: at the next sweep. */
  retryAtUs = 0;
  /** Frames dropped so far. */
  drops = 0;

  constructor(capacity: number = MAX_BATCH) {
    this.bytes = new Int32Array(capacity);
    this.flow = new Int32Array(capacity);
    this.offset = new Int32Array(capacity);
    this.nic = new Int32Array(capacity);
    this.verdict = new Uint8Array(capacity);
    this.reason = new Uint8Array(capacity);
  }

  /**
   * Leaves frame `i` and all behind it with the VM's queue, in order. The policy is asked about them again at
   * `retryAtUs` (0: at the next sweep, as when it waits for a NIC to drain). It must not have charged for them.
   */
  queueFrom(i: number, retryAtUs: number): void {
    if (i < this.queuedFrom) this.queuedFrom = i < 0 ? 0 : i;
    this.retryAtUs = retryAtUs;
  }

  /** Drops frame `i` under a reason. */
  drop(i: number, reason: DropReason): void {
    if (i < 0 || i >= this.count || this.verdict[i] === Verdict.Drop) return;
    this.verdict[i] = Verdict.Drop;
    this.reason[i] = reason;
    this.drops++;
  }

  /** Makes the batch new: every frame admitted. Called by the host, and by tests that fill a batch by hand. */
  begin(vm: number, count: number, nowUs: number, backlog: number): void {
    this.vm = vm;
    this.count = count;
    this.nowUs = nowUs;
    this.backlog = backlog;
    this.queuedFrom = count;
    this.retryAtUs = 0;
    if (this.drops !== 0) {
      this.verdict.fill(Verdict.Admit);
      this.drops = 0;
    }
  }
}

/**
 * Up to `capacity` frames in one driver or device call. Frame `i` is
 * `memory[offset[i]] … memory[offset[i] + bytes[i] - 1]`. `memory` is shared: it must not be kept, and a driver writes
 * only into the slots it was given.
 *
 * @example
 * ```ts
 * import type { FrameBurst } from '@fairlead/sdk';
 *
 * // A driver's `send` over a wire that takes frames of up to 1514 bytes.
 * function send(burst: FrameBurst, wire: (frame: Uint8Array) => void): number {
 *   for (let i = 0; i < burst.count; i++) {
 *     const start = burst.offset[i];
 *     if (burst.bytes[i] > 1514) burst.fail(i);
 *     else wire(burst.memory.subarray(start, start + burst.bytes[i]));
 *   }
 *   return burst.count;
 * }
 * ```
 */
export class FrameBurst {
  /** Frames in this burst. */
  count = 0;
  /** The clock when the burst was offered, in microseconds. */
  nowUs = 0;
  /** The frame pool. */
  readonly memory: Uint8Array;
  /** Where each frame begins in `memory`, in bytes. */
  readonly offset: Int32Array;
  /** Length in bytes; on receive the driver writes it. */
  readonly bytes: Int32Array;
  /** 1 for a frame that was consumed but refused by the device or the wire; written through `fail`. */
  readonly failed: Uint8Array;
  /** Frames marked as failed. */
  failures = 0;
  /** Largest frame that fits a slot, in bytes. */
  readonly maxFrameBytes: number;

  constructor(memory: Uint8Array, capacity: number, maxFrameBytes: number) {
    this.memory = memory;
    this.offset = new Int32Array(capacity);
    this.bytes = new Int32Array(capacity);
    this.failed = new Uint8Array(capacity);
    this.maxFrameBytes = maxFrameBytes;
  }

  /** Marks frame `i` as consumed but refused by the device or the wire: it is counted as `nic-error`. */
  fail(i: number): void {
    if (i < 0 || i >= this.count || this.failed[i] !== 0) return;
    this.failed[i] = 1;
    this.failures++;
  }

  /** Frames that fit in this burst. */
  get capacity(): number {
    return this.offset.length;
  }
}
