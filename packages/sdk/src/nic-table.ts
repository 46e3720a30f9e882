import { type ColumnViews, column } from './table.ts';
import { DROP_REASON_COUNT } from './verdict.ts';

/** State of a NIC. Only an `Up` NIC may be selected. */
export const NicState = { Down: 0, Up: 1 } as const;
export type NicState = (typeof NicState)[keyof typeof NicState];

/** Role of a NIC in its team. A standby serves while an active member is down; an unused one never does. */
export const NicRole = { Active: 0, Standby: 1, Unused: 2 } as const;
export type NicRole = (typeof NicRole)[keyof typeof NicRole];

/** A host has at most this many NICs, so that the set of available ones is one 32-bit word. */
export const MAX_NICS = 32;

/** The NIC management information, one row per physical NIC. */
export const nicColumns = {
  state: column('i32', '', 'control', 'NicState: link and administration together'),
  admin: column('i32', '', 'control', '1 when the operator wants the NIC up'),
  carrier: column('i32', '', 'control', '1 when the driver reports a link'),
  role: column('i32', '', 'control', 'NicRole in its team'),
  failover: column('i32', '', 'control', '1 while a failover away from this NIC is in progress'),
  speedBps: column('f64', 'bit/s', 'control', 'link speed'),
  pendingBytes: column('f64', 'bytes', 'worker', 'bytes in the transmit queue, not yet taken by the NIC', {
    laned: true,
  }),
  pendingFrames: column('f64', 'frames', 'worker', 'frames in the transmit queue', { laned: true }),
  enqueuedFrames: column('f64', 'frames', 'worker', 'frames put into the transmit queue', { laned: true }),
  txFrames: column('f64', 'frames', 'worker', 'frames the NIC has taken', { laned: true }),
  txBytes: column('f64', 'bytes', 'worker', 'bytes the NIC has taken', { laned: true }),
  hostFrames: column(
    'f64',
    'frames',
    'worker',
    'frames of the host’s own that the NIC has taken, and that are no VM’s',
    {
      laned: true,
    },
  ),
  takenBackFrames: column('f64', 'frames', 'worker', 'frames taken back for another NIC', { laned: true }),
  rxFrames: column('f64', 'frames', 'worker', 'frames received', { laned: true }),
  rxBytes: column('f64', 'bytes', 'worker', 'bytes received', { laned: true }),
  rxForwardedFrames: column(
    'f64',
    'frames',
    'worker',
    'received frames handed on towards a VM, or to the host itself',
    {
      laned: true,
    },
  ),
  dropped: column('f64', 'frames', 'worker', 'frames dropped on the way out, by reason', {
    laned: true,
    width: DROP_REASON_COUNT,
  }),
  rxDropped: column('f64', 'frames', 'worker', 'received frames dropped, by reason', {
    laned: true,
    width: DROP_REASON_COUNT,
  }),
} as const;

/** The columns of `NicTable`: name, element type, unit, writer and meaning of each. */
export type NicColumns = typeof nicColumns;

/**
 * The NICs as one forwarding worker sees them. Columns are typed arrays indexed by NIC number; `pendingBytes` and the
 * counters are those of this worker's own transmit queue on each NIC.
 *
 * `available` lists the numbers of the NICs that may be selected now, in ascending order; only its first
 * `availableCount` entries count. `preferred` is the one of them that a policy for one NIC uses: the team's current
 * member. Both change between batches, never during one, and `epoch` grows when they do. On a host with several teams a
 * load distribution serves one team, and sees that team's NICs; an admission policy sees those of the batch's VM.
 *
 * @example
 * ```ts
 * import type { NicTable } from '@fairlead/sdk';
 *
 * // The available NIC that would have sent its queue first.
 * function soonestFree(nics: NicTable): number {
 *   let soonest = nics.available[0];
 *   let leastSeconds = Number.POSITIVE_INFINITY;
 *   for (let i = 0; i < nics.availableCount; i++) {
 *     const nic = nics.available[i];
 *     const seconds = (nics.pendingBytes[nic] * 8) / nics.speedBps[nic];
 *     if (seconds >= leastSeconds) continue;
 *     soonest = nic;
 *     leastSeconds = seconds;
 *   }
 *   return soonest;
 * }
 * ```
 */
export interface NicTable extends ColumnViews<NicColumns> {
  /** NICs of the host, available or not: rows of every column. */
  readonly count: number;
  /** Names of the NICs, by NIC number. */
  readonly names: readonly string[];
  /** Numbers of the available NICs, ascending; only the first `availableCount` entries count. */
  readonly available: Int32Array;
  /** NICs that may be selected now. */
  readonly availableCount: number;
  /** An available NIC, the first choice of the team; -1 when none is available. */
  readonly preferred: number;
  /** Grows by one whenever `available` changes, so that what was derived from it can be kept until then. */
  readonly epoch: number;
}
