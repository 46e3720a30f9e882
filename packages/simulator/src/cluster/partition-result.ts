import type { Account } from '@fairlead/core';
import type { HistogramData } from '../measure/histogram.ts';
import type { Direction, MeterPoint } from '../measure/meter.ts';
import type { DecisionPoint } from '../measure/series.ts';
import type { EventResult, MoveResult } from '../result.ts';

/** What came of the frames of a VM, or of all VMs of a host that are not watched one by one. */
export interface MeterPart {
  /** Number of the VM; -1: of all others of the host. */
  readonly vm: number;
  /** Host that the VM is at home on. */
  readonly host: number;
  readonly direction: Direction;
  readonly bytes: number;
  readonly frames: number;
  readonly latency: HistogramData;
  /** Of a VM alone. */
  readonly points: readonly MeterPoint[];
  readonly intervals: readonly HistogramData[];
}

/** Sums over the flows of an entry of `senders`, of one VM that is watched (or of all others of its host). */
export interface FlowPart {
  readonly entry: number;
  readonly vm: number;
  readonly host: number;
  readonly direction: Direction;
  flows: number;
  sentFrames: number;
  arrivedFrames: number;
  underWayFrames: number;
  freshBytes: number;
  duplicates: number;
  outOfOrder: number;
  retransmits: number;
  guestLostFrames: number;
  begun: number;
  completed: number;
  failed: number;
  duration: HistogramData | undefined;
}

/** What a host has done. */
export interface MemberPart {
  readonly number: number;
  readonly digest: string;
  readonly lines: number;
  readonly sentFrames: number;
  readonly receivedFrames: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly carriedFrames: number;
  readonly landedFrames: number;
  readonly landingFrames: number;
  readonly accounts: readonly Account[];
  readonly events: readonly EventResult[];
  /** Of VMs that left it, or were to. */
  readonly moves: readonly MoveResult[];
}

/** What one thread's hosts have done, as plain data. */
export interface PartitionResult {
  readonly members: readonly MemberPart[];
  readonly meters: readonly MeterPart[];
  readonly flows: readonly FlowPart[];
  readonly decisions: readonly DecisionPoint[];
  /** Events of the script that this thread has seen to. */
  readonly script: readonly EventResult[];
  /** Processor time that the thread has used, as the kernel counts it; 0 when it is not known. */
  readonly residentBytes: number;
}
