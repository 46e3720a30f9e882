import type { TransmitBatch } from '../batch.ts';
import type { Explanation } from './explanation.ts';
import type { Lifecycle } from './lifecycle.ts';

/**
 * Over which NIC? One instance per forwarding worker; called on that worker's thread only, after admission, with the
 * admitted frames of one VM.
 *
 * The policy writes the number of an available NIC (`nics.available`) to `batch.nic[i]` for every `i < batch.count`.
 * At least one NIC is available when it is called. `NO_NIC_YET` leaves a frame and all behind it in the VM's ring for
 * now; it is for waiting until a NIC has taken what is in its queue, and for nothing that may last. Any other answer
 * puts the plugin aside for its fallback, which decides the batch anew.
 *
 * It may be asked again about a frame: when the NIC it chose went down before the frame was taken, or had no room.
 * `nics.pendingBytes` does not yet include the frames of this batch.
 *
 * Allowed: reading any table, keeping state. Not allowed: allocating, throwing, waiting, keeping the batch.
 */
export interface LoadDistribution extends Lifecycle {
  /** Called once per batch. */
  select(batch: TransmitBatch): undefined;

  /**
   * Why frame `i` of a batch was just given its NIC, and why the other available ones were not, for a person who traces
   * it. Called after `select`, on the same batch; control path. Without it a trace shows the choice and the NICs' rows.
   */
  explain?(batch: TransmitBatch, i: number): Explanation;
}
