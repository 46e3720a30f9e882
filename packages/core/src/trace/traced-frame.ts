import type { Explanation } from '@fairlead/sdk';

/** What the first stage found a frame to be. */
export type FrameKind = 'ordinary' | 'group' | 'local' | 'spoofed' | 'runt' | 'broken';

/** How a frame stood when the turn of its VM was over. */
export type TraceOutcome = 'queued' | 'waits' | 'no-room' | 'no-nic' | 'dropped' | 'delivered';

/** A NIC as load distribution found it. */
export interface NicSeen {
  /** Whether it could be chosen. */
  readonly available: boolean;
  /** Bytes on this worker's queue. */
  readonly pendingBytes: number;
  /** Frames on this worker's queue. */
  readonly pendingFrames: number;
  /** Link speed in bit/s. */
  readonly speedBps: number;
}

/** What admission said of a frame. */
export interface AdmissionSeen {
  /** Name of the policy that was asked. */
  readonly policy: string;
  /** What it said. */
  readonly verdict: 'admit' | 'queue' | 'drop';
  /** Number of the drop reason; -1 for a frame that is not dropped. */
  readonly reason: number;
  /** When a frame that is made to wait is asked about again, in microseconds of the host's clock. */
  readonly retryAtUs: number;
  /** The VM's columns that say what it may use. */
  readonly vmRow: Readonly<Record<string, number>>;
  /** What the policy said of it itself; undefined when it says nothing. */
  readonly explanation: Explanation | undefined;
}

/** What load distribution said of it. */
export interface DistributionSeen {
  /** Name of the policy that was asked. */
  readonly policy: string;
  /** NIC number that it chose. */
  readonly nic: number;
  /** An operator has put the VM on this NIC: the policy was not asked. */
  readonly pinned: boolean;
  /** By NIC number. */
  readonly nics: readonly NicSeen[];
  /** What the policy said of it itself; undefined when it says nothing. */
  readonly explanation: Explanation | undefined;
}

/**
 * One frame's way through a forwarding loop, in numbers, as the loop writes it down.
 *
 * @example
 * ```ts
 * import type { AdmissionSeen, DistributionSeen, NicSeen, TracedFrame } from '@fairlead/core/stages';
 *
 * const verdict = ({ policy, verdict }: AdmissionSeen) => `${policy}: ${verdict}`;
 * const nic = ({ available, pendingBytes }: NicSeen) => (available ? `${pendingBytes} bytes` : 'away');
 * const choice = ({ nic: chosen, nics }: DistributionSeen) => `NIC ${chosen} of ${nics.map(nic).join(', ')}`;
 * const tell = ({ admission, distribution }: TracedFrame) =>
 *   `${admission === undefined ? '' : verdict(admission)}; ${distribution === undefined ? '' : choice(distribution)}`;
 * ```
 */
export interface TracedFrame {
  /** VM number of the sender. */
  readonly vm: number;
  /** When it was first looked at. */
  readonly atUs: number;
  /** Its length. */
  readonly bytes: number;
  /** Its first bytes. */
  readonly header: Uint8Array;
  /** What the first stage found it to be. */
  readonly kind: FrameKind;
  /** The VM of this host that it is for; -1: none. */
  readonly toVm: number;
  /** Frames that waited in the VM's ring, this one included. */
  readonly backlogFrames: number;
  /** Turns of its VM in which it was looked at. */
  readonly turns: number;
  /** undefined: admission was not asked. */
  readonly admission: AdmissionSeen | undefined;
  /** undefined: load distribution was not asked. */
  readonly distribution: DistributionSeen | undefined;
  /** Places on the queue of the NIC before the turn. */
  readonly roomFrames: number;
  /** How it stood when the turn was over. */
  readonly outcome: TraceOutcome;
  /** Whether a policy failed over the batch. */
  readonly failed: boolean;
}
