import type { Explanation } from '@fairlead/sdk';

/** What the first stage found a frame to be. */
export type FrameKind = 'ordinary' | 'group' | 'local' | 'spoofed' | 'runt' | 'broken';

/** How a frame stood when the turn of its VM was over. */
export type TraceOutcome = 'queued' | 'waits' | 'no-room' | 'no-nic' | 'dropped' | 'delivered';

/** A NIC as load distribution found it. */
export interface NicSeen {
  readonly available: boolean;
  readonly pendingBytes: number;
  readonly pendingFrames: number;
  readonly speedBps: number;
}

/** What admission said of a frame. */
export interface AdmissionSeen {
  readonly policy: string;
  readonly verdict: 'admit' | 'queue' | 'drop';
  /** Number of the drop reason; -1 for a frame that is not dropped. */
  readonly reason: number;
  readonly retryAtUs: number;
  /** The VM's columns that say what it may use. */
  readonly vmRow: Readonly<Record<string, number>>;
  readonly explanation: Explanation | undefined;
}

/** What load distribution said of it. */
export interface DistributionSeen {
  readonly policy: string;
  readonly nic: number;
  /** An operator has put the VM on this NIC: the policy was not asked. */
  readonly pinned: boolean;
  /** By NIC number. */
  readonly nics: readonly NicSeen[];
  readonly explanation: Explanation | undefined;
}

/** One frame's way through a forwarding loop, in numbers, as the loop writes it down. */
export interface TracedFrame {
  readonly vm: number;
  /** When it was first looked at. */
  readonly atUs: number;
  readonly bytes: number;
  /** Its first bytes. */
  readonly header: Uint8Array;
  readonly kind: FrameKind;
  /** The VM of this host that it is for; -1: none. */
  readonly toVm: number;
  readonly backlogFrames: number;
  /** Turns of its VM in which it was looked at. */
  readonly turns: number;
  readonly admission: AdmissionSeen | undefined;
  readonly distribution: DistributionSeen | undefined;
  /** Places on the queue of the NIC before the turn. */
  readonly roomFrames: number;
  readonly outcome: TraceOutcome;
  /** Whether a policy failed over the batch. */
  readonly failed: boolean;
}
