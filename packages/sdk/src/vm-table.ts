import { type ColumnViews, column } from './table.ts';
import { DROP_REASON_COUNT } from './verdict.ts';

/** Run state of a VM. */
export const VmRunState = { Stopped: 0, Running: 1, Suspended: 2, Migrating: 3, Migrated: 4 } as const;
export type VmRunState = (typeof VmRunState)[keyof typeof VmRunState];

/** The VM-specific information, one row per VM. */
export const vmColumns = {
  macWord0: column('i32', '', 'control', 'first four bytes of the MAC, as a little-endian word'),
  macWord1: column('i32', '', 'control', 'last two bytes of the MAC, as a little-endian half word'),
  runState: column('i32', '', 'control', 'VmRunState'),
  reservationBps: column('f64', 'bit/s', 'control', 'guaranteed rate; 0: none'),
  limitBps: column('f64', 'bit/s', 'control', 'allocated rate, the average it may not exceed; Infinity: none'),
  peakBps: column('f64', 'bit/s', 'control', 'rate within a burst; Infinity: none'),
  burstBytes: column('f64', 'bytes', 'control', 'bytes that may go at the peak rate'),
  shares: column('f64', '', 'control', 'weight relative to the other VMs'),
  priority: column('i32', '', 'control', 'higher is served first'),
  entitledBps: column('f64', 'bit/s', 'control', 'what the resource manager grants now'),
  worker: column('i32', '', 'control', 'forwarding worker that owns the VM'),
  vnic: column('i32', '', 'control', 'virtual NIC behind which the VM is'),
  team: column('i32', '', 'control', 'team of NICs that carries its frames'),
  away: column('i32', '', 'control', '1: it is not on this host, and frames for it leave by a NIC; 0: it is here'),
  pinnedNic: column('i32', '', 'control', 'NIC that an operator has put its frames on, number + 1; 0: none'),
  awayFrom: column('i32', '', 'control', 'team that it has failed over from, number + 1; 0: its own team carries it'),
  policedInboundBps: column('f64', 'bit/s', 'control', 'what it receives beyond this rate is dropped; 0: nothing is'),
  policedOutboundBps: column('f64', 'bit/s', 'control', 'what it sends beyond this rate is dropped; 0: nothing is'),
  rxDelayUs: column(
    'f64',
    'us',
    'control',
    'how long a received frame waits in its ring before the VM is told; 0: not',
  ),
  acceptedFrames: column('f64', 'frames', 'device', 'frames taken from the VM by its virtual NIC'),
  acceptedBytes: column('f64', 'bytes', 'device', 'bytes taken from the VM by its virtual NIC'),
  refused: column('f64', 'frames', 'device', 'frames dropped at the virtual NIC, by reason', {
    width: DROP_REASON_COUNT,
  }),
  rxTakenFrames: column('f64', 'frames', 'device', 'received frames the VM has taken'),
  transmittedFrames: column('f64', 'frames', 'worker', 'frames handed to a NIC or to another VM'),
  transmittedBytes: column('f64', 'bytes', 'worker', 'bytes handed to a NIC or to another VM'),
  localFrames: column('f64', 'frames', 'worker', 'of these, frames that went to VMs of this host alone'),
  backlogFrames: column('i32', 'frames', 'worker', 'frames left waiting at the last visit'),
  refusedTransfers: column('f64', '', 'worker', 'times the admission policy queued or dropped'),
  dropped: column('f64', 'frames', 'worker', 'frames dropped on the way out, by reason', { width: DROP_REASON_COUNT }),
  rxOfferedFrames: column('f64', 'frames', 'worker', 'received frames that were for this VM'),
  rxFrames: column('f64', 'frames', 'worker', 'received frames put into its ring'),
  rxBytes: column('f64', 'bytes', 'worker', 'received bytes put into its ring'),
  rxDropped: column('f64', 'frames', 'worker', 'received frames dropped, by reason', { width: DROP_REASON_COUNT }),
  rxHandoffDropped: column('f64', 'frames', 'worker', 'frames lost on the way from one worker to another', {
    laned: true,
  }),
} as const;

/** The columns of `VmTable`: name, element type, unit, writer and meaning of each. */
export type VmColumns = typeof vmColumns;

/**
 * The VMs, as typed arrays indexed by VM number. A VM belongs to one forwarding worker, which alone writes its
 * `worker` columns; every thread may read every row.
 *
 * @example
 * ```ts
 * import type { TransmitBatch, VmTable } from '@fairlead/sdk';
 *
 * // Bytes that a batch's VM may send in a millisecond; Infinity when it has no limit.
 * function bytesPerMs(vms: VmTable, batch: TransmitBatch): number {
 *   return vms.limitBps[batch.vm] / 8 / 1000;
 * }
 * ```
 */
export interface VmTable extends ColumnViews<VmColumns> {
  /** VMs of the host: rows of every column. */
  readonly count: number;
  /** Names of the VMs, by VM number. */
  readonly names: readonly string[];
}
