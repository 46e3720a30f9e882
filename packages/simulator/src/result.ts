import type { Account, MigrationBy, MigrationState, ShadowReport } from '@fairlead/core';
import type { DropReasonName } from '@fairlead/sdk';

/** Version of the result, which grows when something in it changes its meaning or goes. */
export const RESULT_VERSION = 1;

/** How long frames took, in microseconds. */
export interface LatencyResult {
  /** Of all frames, on average. */
  readonly meanUs: number;
  /** Half of the frames took no longer; within 1.6%. */
  readonly p50Us: number;
  /** 99% of the frames took no longer; within 1.6%. */
  readonly p99Us: number;
  /** The slowest frame. */
  readonly maxUs: number;
}

/** What came of one VM's frames in one direction. Rates, latency and frames are of those that arrived, after the warm-up. */
export interface VmResult {
  /** The VM. */
  readonly name: string;
  /** `out`: from the VM through the NICs; `in`: to it from the network; `local`: to another VM; `attack`: of floods and scans. */
  readonly direction: 'out' | 'in' | 'local' | 'attack';
  /** Bits of whole frames that arrived, per second. */
  readonly throughputBps: number;
  /** From the guest to the receiver, in one direction. */
  readonly latency: LatencyResult;
  /** Frames that arrived, copies included. */
  readonly arrivedFrames: number;
  /** Over the whole run, as everything below: frames given to the virtual NIC, or sent from the network. */
  readonly sentFrames: number;
  /** Frames that were sent, did not arrive, and are not on their way at the end. */
  readonly lostFrames: number;
  /** Frames that the guest wanted to send and lost itself, since its own queue was full. */
  readonly guestLostFrames: number;
  /** Frames that TCP sent again. */
  readonly retransmits: number;
}

/** What became of the connections of many clients. */
export interface ConnectionsResult {
  /** Opened. */
  readonly begun: number;
  /** Had their whole response. */
  readonly completed: number;
  /** Given up, since nothing came back. */
  readonly failed: number;
  /** From the first SYN to the last byte, of those that were completed. */
  readonly duration: LatencyResult;
}

/** One flow, over the whole run. */
export interface FlowResult {
  /** Name of its entry in `senders`. */
  readonly sender: string;
  /** The VM that sends, or that is sent to. */
  readonly vm: string;
  /** Kind of its sender. */
  readonly kind: string;
  /** Frames of data that were sent, those that were sent again included. */
  readonly sentFrames: number;
  /** Frames of data that arrived, copies included. */
  readonly arrivedFrames: number;
  /** Bits of frames that arrived for the first time, per second of the whole run. */
  readonly goodputBps: number;
  /** Frames that had arrived before. */
  readonly duplicates: number;
  /** Frames that arrived behind a later one. */
  readonly outOfOrder: number;
  /** Frames that TCP sent again. */
  readonly retransmits: number;
  /** Of clients: their connections. */
  readonly connections?: ConnectionsResult;
  /** When all that a TCP flow had to send was acknowledged, in seconds. */
  readonly finishedSeconds?: number;
}

/** One NIC and the network behind it, over the whole run. */
export interface NicResult {
  /** The NIC. */
  readonly name: string;
  /** Its speed at the end. */
  readonly speedBps: number;
  /** What it sent. */
  readonly txBps: number;
  /** What it received. */
  readonly rxBps: number;
  /** Part of the speed that was used, 0 to 1, over the whole run. */
  readonly load: number;
  /** Frames that it sent. */
  readonly sentFrames: number;
  /** Behind the NIC, outwards and inwards. */
  readonly lostByChance: number;
  /** Likewise, since the queue in front of the slowest link was full. */
  readonly lostByFullQueue: number;
  /** Came while the cable was pulled. */
  readonly missedFrames: number;
}

/** One of several hosts, over the whole run. */
export interface HostResult {
  /** Name of the host. */
  readonly name: string;
  /** VMs that are at home on it. */
  readonly vms: number;
  /** Bits of whole frames of its VMs that arrived, per second, after the warm-up; those of attacks left out. */
  readonly throughputBps: number;
  /** Of these. */
  readonly latency: LatencyResult;
  /** Frames of its VMs that arrived. */
  readonly arrivedFrames: number;
  /** Frames that were sent, did not arrive, and are not on their way at the end. */
  readonly lostFrames: number;
  /** Frames of floods and scans at its VMs. */
  readonly attackFrames: number;
  /** Frames that passed its NICs, either way. */
  readonly nicFrames: number;
  /** SHA-256 of its decision log. */
  readonly digest: string;
}

/** Counts of decisions, in frames. */
export interface DecisionsResult {
  /** Lines of the decision log. */
  readonly lines: number;
  /** Frames that were put on each NIC's queue, by its name. */
  readonly sent: Readonly<Record<string, number>>;
  /** Frames that were made to wait, each counted once. */
  readonly queued: number;
  /** Frames that the policies dropped, by reason. */
  readonly dropped: Readonly<Partial<Record<DropReasonName, number>>>;
}

/** Something that happened. */
export interface EventResult {
  /** When, on the virtual clock. */
  readonly seconds: number;
  /** `script`: the scenario did it; `host`: the host said it. */
  readonly by: 'script' | 'host';
  /** What, on one line. */
  readonly text: string;
}

/** A VM that went to another host, or was to go there. */
export interface MoveResult {
  /** The VM. */
  readonly vm: string;
  /** Host that it left. */
  readonly from: string;
  /** Host that it went to; empty when there was none. */
  readonly to: string;
  /** Who wanted it: the script is an operator. */
  readonly by: MigrationBy;
  /** What for. */
  readonly cause: string;
  /** How it ended, or where it was at the end of the run. */
  readonly state: MigrationState;
  /** Why it ended so; empty when it went well. */
  readonly reason: string;
  /** When it began, on the virtual clock. */
  readonly beganSeconds: number;
  /** When it ended; left out when it had not. */
  readonly endedSeconds?: number;
  /** How long the VM ran on neither host, in milliseconds; left out when it did not go. */
  readonly downtimeMs?: number;
  /** Frames that waited to be sent and went along: dropped as `migrated` at one host, accepted at the other. */
  readonly outboundFrames: number;
  /** Frames that it had not received yet and went along. */
  readonly inboundFrames: number;
}

/** Figures over time; each list has one entry for each interval. */
export interface SeriesResult {
  /** Length of an interval; the last one may be shorter. */
  readonly intervalSeconds: number;
  /** Of each VM and direction, as in `vms` of the result; latencies are `null` where nothing arrived. */
  readonly vms: readonly {
    readonly name: string;
    readonly direction: 'out' | 'in' | 'local' | 'attack';
    readonly throughputBps: readonly number[];
    readonly p50Us: readonly (number | null)[];
    readonly p99Us: readonly (number | null)[];
  }[];
  /** Of each NIC: what was sent as part of its speed, what waited at the end, lost behind it, and sent to it by policies. */
  readonly nics: readonly {
    readonly name: string;
    readonly load: readonly number[];
    readonly pendingBytes: readonly number[];
    readonly lostFrames: readonly number[];
    readonly chosenFrames: readonly number[];
  }[];
  /** Frames that were made to wait. */
  readonly queuedFrames: readonly number[];
  /** Frames that were dropped, by reason. */
  readonly droppedFrames: Readonly<Partial<Record<DropReasonName, readonly number[]>>>;
}

/**
 * The outcome of a simulation. Equal scenarios give equal results, to the last digit.
 *
 * @example
 * ```ts
 * import type { FlowResult, LatencyResult, NicResult, SimulationResult, VmResult } from '@fairlead/simulator';
 * import type { ConnectionsResult, DecisionsResult, EventResult, HostResult, MoveResult, SeriesResult } from '@fairlead/simulator';
 *
 * const late = ({ p99Us }: LatencyResult) => p99Us > 20_000;
 * const starved = ({ throughputBps, latency }: VmResult) => throughputBps < 1e6 || late(latency);
 * const idle = ({ load }: NicResult) => load < 0.1;
 * const shuffled = ({ outOfOrder, arrivedFrames }: FlowResult) => outOfOrder > arrivedFrames / 100;
 * const refused = ({ begun, failed }: ConnectionsResult) => failed > begun / 100;
 * const attacked = ({ attackFrames }: HostResult) => attackFrames > 0;
 * const waited = ({ queued }: DecisionsResult) => queued;
 * const told = ({ seconds, text }: EventResult) => `${seconds} s ${text}`;
 * const wentWell = ({ state }: MoveResult) => state === 'done';
 * const busiest = ({ nics }: SeriesResult) => Math.max(...nics.flatMap(({ load }) => load));
 *
 * function judge({ vms, nics, flows, decisions, events, moves, series }: SimulationResult): string[] {
 *   if (moves?.every(wentWell) === false) return ['a VM is where it was'];
 *   if (vms.some(starved) || nics.some(idle) || flows.some(shuffled)) return events.map(told);
 *   return [`${waited(decisions)} frames waited; busiest interval ${busiest(series)}`];
 * }
 * ```
 */
export interface SimulationResult {
  /** Version of this form. */
  readonly version: typeof RESULT_VERSION;
  /** Of the scenario; without one, the name of the host. */
  readonly title: string;
  /** Seed of every random choice. */
  readonly seed: number;
  /** Virtual time that was simulated. */
  readonly durationSeconds: number;
  /** Of it, what the figures of the VMs leave out at the beginning. */
  readonly warmUpSeconds: number;
  /** The policies that served at first. */
  readonly policies: { readonly admission: string; readonly distribution: string };
  /** What came of the frames of each VM, by direction. */
  readonly vms: readonly VmResult[];
  /** What came of each flow, in the order of `senders`. */
  readonly flows: readonly FlowResult[];
  /** Of several hosts: each of them. */
  readonly hosts?: readonly HostResult[];
  /** What each NIC did; nothing of several hosts. */
  readonly nics: readonly NicResult[];
  /** What the policies decided. */
  readonly decisions: DecisionsResult;
  /** What happened, in order. */
  readonly events: readonly EventResult[];
  /** Of several hosts: the VMs that went from one to another; left out when none was to. */
  readonly moves?: readonly MoveResult[];
  /** What policies beside those that decide would have done; left out when the host has none. */
  readonly shadow?: ShadowReport;
  /** The same over time. */
  readonly series: SeriesResult;
  /** Where every frame went: in the host, on each path behind a NIC, and between the two. */
  readonly accounts: readonly Account[];
  /** Frames of data and acknowledgements that passed a NIC, either way. */
  readonly frames: number;
  /** SHA-256 of the decision log; of several hosts, of their digests, a line each. */
  readonly digest: string;
}
