import type { TransmitBatch } from '../batch.ts';
import type { Explanation } from './explanation.ts';
import type { Lifecycle } from './lifecycle.ts';

/**
 * May this frame go now? One instance per forwarding worker, which owns some of the VMs; called on that worker's
 * thread only.
 *
 * The host offers each VM's waiting frames in order, as one batch of at most 256. Every frame is admitted unless the
 * policy says otherwise, with `batch.queueFrom(i, retryAtUs)` (frame `i` and all behind it wait) or
 * `batch.drop(i, reason)`.
 *
 * Allowed: reading any table, keeping state per VM (allocate it in the constructor, `vms.count` long).
 * Not allowed: allocating, throwing, waiting, keeping the batch. A throw puts the plugin aside for its fallback and
 * the batch is decided anew by that one, so a policy charges for a frame only when it admits it.
 *
 * With several workers each instance sees its own VMs alone.
 *
 * @example
 * ```ts
 * import { type AdmissionPolicy, inject, type TransmitBatch, Vms, type VmTable } from '@fairlead/sdk';
 *
 * // Frames of VMs with priority 0 wait while the clock shows an odd second.
 * class OddSeconds implements AdmissionPolicy {
 *   constructor(@inject(Vms) private readonly vms: VmTable) {}
 *
 *   admit(batch: TransmitBatch): undefined {
 *     const second = Math.floor(batch.nowUs / 1e6);
 *     if (second % 2 === 1 && this.vms.priority[batch.vm] === 0) batch.queueFrom(0, (second + 1) * 1e6);
 *   }
 * }
 * ```
 */
export interface AdmissionPolicy extends Lifecycle {
  /**
   * Called once per batch. A frame behind the first queued one is not sent, whatever is said of it: do not charge for
   * it. A frame that is admitted here is sent without being asked about again, even if it has to wait for its NIC.
   */
  admit(batch: TransmitBatch): undefined;

  /** Called once per sweep over the VMs, before the first batch of it, also when no VM has anything to send. */
  sweep?(nowUs: number): undefined;

  /**
   * A VM has come from another host, where it has spent what it had saved up: it begins here with nothing saved, so that
   * it has no burst twice. Called before its first batch. A policy without it lets a VM begin anew.
   */
  arrive?(vm: number, nowUs: number): undefined;

  /**
   * Why frame `i` of a batch was just decided so, for a person who traces it. Called after `admit`, on the same batch;
   * control path. Without it a trace shows the verdict and the VM's row.
   */
  explain?(batch: TransmitBatch, i: number): Explanation;
}
