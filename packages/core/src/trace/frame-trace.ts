import type { DropReasonName } from '@fairlead/sdk';
import type { FrameKind, TraceOutcome } from './traced-frame.ts';

/** A NIC as load distribution found it, and why it was chosen or not. */
export interface TracedNic {
  /** Name of the NIC. */
  readonly nic: string;
  /** It was chosen. */
  readonly chosen: boolean;
  /** It might have been chosen. */
  readonly available: boolean;
  /** Bytes that waited for it, of this worker. */
  readonly pendingBytes: number;
  /** Frames that waited for it, of this worker. */
  readonly pendingFrames: number;
  /** Link speed in bit/s. */
  readonly speedBps: number;
  /** Why it was chosen, or why it was not. */
  readonly why: string;
}

/**
 * One frame's way through the host: what every stage decided, the state that it read, and what it decided against.
 *
 * @example
 * ```ts
 * import type { FrameTrace, Host, TracedNic, TraceOptions } from '@fairlead/core';
 *
 * const options: TraceOptions = { frames: 1, forMs: 1000 };
 * async function next(host: Host): Promise<string[]> {
 *   const [frame]: FrameTrace[] = await host.trace('web', options);
 *   const line = ({ nic, chosen, why }: TracedNic) => `${chosen ? '*' : ' '} ${nic}: ${why}`;
 *   return frame?.distribute?.nics.map(line) ?? [];
 * }
 * ```
 */
export interface FrameTrace {
  /** When it was first looked at, in microseconds of the host's clock. */
  readonly atUs: number;
  /** Name of the VM that sent it. */
  readonly vm: string;
  /** Its length, from destination MAC to the end of the payload. */
  readonly bytes: number;
  /** Source and destination MAC; empty when it has none. */
  readonly source: string;
  /** Where it is going. */
  readonly destination: string;
  /** Turns of its VM in which it was looked at: more than one when it waited. */
  readonly turns: number;
  /** Whose it is and where it is going. */
  readonly classify: { readonly kind: FrameKind; readonly why: string };
  /** May it go now; null when admission was not asked. */
  readonly admit: {
    readonly policy: string;
    readonly verdict: 'admit' | 'queue' | 'drop';
    readonly reason: DropReasonName | null;
    /** When it may be asked about again, in microseconds; null when it does not wait. */
    readonly retryAtUs: number | null;
    /** Frames that its VM had waiting. */
    readonly backlogFrames: number;
    readonly why: string;
    /** The VM's row, and what the policy remembers. */
    readonly state: Readonly<Record<string, string | number | boolean>>;
  } | null;
  /** Over which NIC; null when load distribution was not asked. */
  readonly distribute: {
    readonly policy: string;
    /** `none yet` for a frame that load distribution has wait. */
    readonly nic: string;
    readonly why: string;
    readonly state: Readonly<Record<string, string | number | boolean>>;
    /** Every NIC of the host. */
    readonly nics: readonly TracedNic[];
  } | null;
  /** The NIC's queue; null when it came to none. */
  readonly send: { readonly nic: string; readonly roomFrames: number; readonly queuedFrames: number } | null;
  /** How it stood when the trace had it last. */
  readonly outcome: TraceOutcome;
  /** A policy failed over its batch and was put aside. */
  readonly failed: boolean;
}

/** What is to be traced. */
export interface TraceOptions {
  /** Frames to write down, 1 to 1000; 1 when left out. */
  readonly frames?: number;
  /** How long to wait for them, in milliseconds of the host's clock; 10,000 when left out. */
  readonly forMs?: number;
}
