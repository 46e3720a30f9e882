import type { Account } from '@fairlead/core';
import type { DropReasonName } from '@fairlead/sdk';

/** Version of the result, which grows when something in it changes its meaning or goes. */
export const RESULT_VERSION = 1;

/** How long frames took, in microseconds. */
export interface LatencyResult {
  readonly meanUs: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
}

/** What came of one VM's frames in one direction. Rates, latency and frames are of those that arrived, after the warm-up. */
export interface VmResult {
  readonly name: string;
  /** `out`: from the VM through the NICs; `in`: to it from the network; `local`: to another VM. */
  readonly direction: 'out' | 'in' | 'local';
  /** Bits of whole frames that arrived, per second. */
  readonly throughputBps: number;
  readonly latency: LatencyResult;
  readonly arrivedFrames: number;
  /** Over the whole run, as everything below: frames given to the virtual NIC, or sent from the network. */
  readonly sentFrames: number;
  /** Frames that were sent, did not arrive, and are not on their way at the end. */
  readonly lostFrames: number;
  /** Frames that the guest wanted to send and lost itself, since its own queue was full. */
  readonly guestLostFrames: number;
  readonly retransmits: number;
}

/** One flow, over the whole run. */
export interface FlowResult {
  readonly sender: string;
  readonly vm: string;
  readonly kind: string;
  readonly sentFrames: number;
  readonly arrivedFrames: number;
  /** Bits of frames that arrived for the first time, per second of the whole run. */
  readonly goodputBps: number;
  readonly duplicates: number;
  readonly outOfOrder: number;
  readonly retransmits: number;
  /** When all that a TCP flow had to send was acknowledged, in seconds. */
  readonly finishedSeconds?: number;
}

export interface NicResult {
  readonly name: string;
  readonly speedBps: number;
  readonly txBps: number;
  readonly rxBps: number;
  /** Part of the speed that was used, 0 to 1, over the whole run. */
  readonly load: number;
  readonly sentFrames: number;
  /** Behind the NIC, outwards and inwards. */
  readonly lostByChance: number;
  readonly lostByFullQueue: number;
  /** Came while the cable was pulled. */
  readonly missedFrames: number;
}

/** Counts of decisions, in frames. */
export interface DecisionsResult {
  /** Lines of the decision log. */
  readonly lines: number;
  readonly sent: Readonly<Record<string, number>>;
  readonly queued: number;
  readonly dropped: Readonly<Partial<Record<DropReasonName, number>>>;
}

export interface EventResult {
  readonly seconds: number;
  /** `script`: the scenario did it; `host`: the host said it. */
  readonly by: 'script' | 'host';
  readonly text: string;
}

/** Figures over time; each list has one entry for each interval. */
export interface SeriesResult {
  readonly intervalSeconds: number;
  readonly vms: readonly {
    readonly name: string;
    readonly direction: 'out' | 'in' | 'local';
    readonly throughputBps: readonly number[];
    /** `null` where nothing arrived. */
    readonly p50Us: readonly (number | null)[];
    readonly p99Us: readonly (number | null)[];
  }[];
  readonly nics: readonly {
    readonly name: string;
    /** Sent, as part of the speed, 0 to 1. */
    readonly load: readonly number[];
    readonly pendingBytes: readonly number[];
    readonly lostFrames: readonly number[];
    /** Frames that the policies sent to it. */
    readonly chosenFrames: readonly number[];
  }[];
  readonly queuedFrames: readonly number[];
  readonly droppedFrames: Readonly<Partial<Record<DropReasonName, readonly number[]>>>;
}

/** The outcome of a simulation. Equal scenarios give equal results, to the last digit. */
export interface SimulationResult {
  readonly version: typeof RESULT_VERSION;
  readonly title: string;
  readonly seed: number;
  readonly durationSeconds: number;
  readonly warmUpSeconds: number;
  readonly policies: { readonly admission: string; readonly distribution: string };
  readonly vms: readonly VmResult[];
  readonly flows: readonly FlowResult[];
  readonly nics: readonly NicResult[];
  readonly decisions: DecisionsResult;
  readonly events: readonly EventResult[];
  readonly series: SeriesResult;
  /** Where every frame went: in the host, on each path behind a NIC, and between the two. */
  readonly accounts: readonly Account[];
  /** Frames of data and acknowledgements that passed a NIC, either way. */
  readonly frames: number;
  /** SHA-256 of the decision log. */
  readonly digest: string;
}
