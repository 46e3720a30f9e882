import type { Account } from '@fairlead/core';
import { DROP_REASONS, type DropReasonName } from '@fairlead/sdk';
import type { DecisionDigest } from '../decisions/decision-digest.ts';
import type { Histogram } from '../measure/histogram.ts';
import type { Meter } from '../measure/meter.ts';
import type { DecisionSeries, NicSeries } from '../measure/series.ts';
import type { Cable } from '../network/network.ts';
import type { Path } from '../network/path.ts';
import {
  type ConnectionsResult,
  type EventResult,
  type FlowResult,
  type LatencyResult,
  type NicResult,
  RESULT_VERSION,
  type SeriesResult,
  type SimulationResult,
  type VmResult,
} from '../result.ts';
import type { Scenario } from '../scenario/check.ts';
import type { ConnectionCounts, Flow } from '../traffic/flow.ts';
import type { Stage } from './script.ts';
import { framesUnderWay } from './under-way.ts';

/** A run that is over. */
interface Finished extends Omit<Stage, 'scenario'> {
  readonly scenario: Scenario;
  readonly meters: readonly Meter[];
  readonly nicSeries: NicSeries;
  readonly decisions: DecisionSeries;
  readonly events: readonly EventResult[];
  readonly accounts: readonly Account[];
  readonly intervalUs: number;
  readonly frames: number;
  readonly digest: DecisionDigest;
}

/** Reads the figures of a run that is over. */
export function outcome(run: Finished): SimulationResult {
  const { scenario, decisions, events, accounts, frames, digest } = run;
  const { title = scenario.host.config.name ?? 'simulation', seed, duration, warmUp } = scenario;
  const dropped = DROP_REASONS.flatMap((reason, i) => {
    const count = decisions.droppedFor(i);
    return count === 0 ? [] : [[reason, count] as const];
  });
  const underWay = framesUnderWay(run, new Int32Array(run.flows.length));
  const shadow = run.host.shadowReport();
  return {
    version: RESULT_VERSION,
    title,
    seed,
    durationSeconds: duration / 1e6,
    warmUpSeconds: warmUp / 1e6,
    policies: {
      admission: scenario.host.admission.chain[0]?.name ?? 'none',
      distribution: scenario.host.distribution.chain[0]?.name ?? 'first-available',
    },
    vms: run.meters.map((meter) => vmResult(run, underWay, meter)),
    flows: run.flows.map((flow) => flowResult(flow, scenario)),
    nics: nicResults(run),
    decisions: {
      lines: digest.lines,
      sent: Object.fromEntries(scenario.host.config.nics.map(({ name }, i) => [name, decisions.sentBy(i)])),
      queued: decisions.queued,
      dropped: Object.fromEntries(dropped) as Partial<Record<DropReasonName, number>>,
    },
    events,
    ...(shadow.sections.length === 0 ? {} : { shadow }),
    series: seriesOf(run),
    accounts,
    frames,
    digest: digest.hex(),
  };
}

/** What a histogram says of latency. */
export function latencyOf(histogram: Histogram): LatencyResult {
  return {
    meanUs: toNs(histogram.meanUs),
    p50Us: toNs(histogram.quantileUs(0.5)),
    p99Us: toNs(histogram.quantileUs(0.99)),
    maxUs: toNs(histogram.mostUs),
  };
}

/** What lies below a nanosecond is the rounding of doubles. */
const toNs = (us: number): number => Math.round(us * 1000) / 1000;

function vmResult({ scenario, flows, host }: Finished, underWay: Int32Array, meter: Meter): VmResult {
  const own = flows.filter((flow) => flow.meter === meter);
  const sum = (of: (flow: Flow) => number): number => own.reduce((total, flow) => total + of(flow), 0);
  const measuredUs = scenario.duration - scenario.warmUp;
  const sentFrames = sum((flow) => flow.sentFrames);
  return {
    name: host.config.vms[meter.vm]?.name ?? '',
    direction: meter.direction,
    throughputBps: Math.round((meter.bytes * 8e6) / measuredUs),
    latency: latencyOf(meter.latency),
    arrivedFrames: meter.frames,
    sentFrames,
    lostFrames: sentFrames - sum((flow) => flow.arrivedFrames + underWay[flow.id]),
    guestLostFrames: sum(({ source }) => source.backlog.lost),
    retransmits: sum(({ source }) => source.retransmits),
  };
}

function flowResult(flow: Flow, { duration, named, host }: Scenario): FlowResult {
  const { source, sink } = flow;
  const { name, kind } = named[flow.entry] as (typeof named)[number];
  return {
    sender: name,
    vm: host.config.vms[flow.vm]?.name ?? '',
    kind,
    sentFrames: flow.sentFrames,
    arrivedFrames: flow.arrivedFrames,
    goodputBps: Math.round((sink.freshBytes * 8e6) / duration),
    duplicates: sink.duplicates,
    outOfOrder: sink.outOfOrder,
    retransmits: source.retransmits,
    ...(source.connections === undefined ? {} : { connections: connectionsResult(source.connections) }),
    ...(source.finishedUs === undefined ? {} : { finishedSeconds: toNs(source.finishedUs) / 1e6 }),
  };
}

function connectionsResult({ begun, completed, failed, duration }: ConnectionCounts): ConnectionsResult {
  return { begun, completed, failed, duration: latencyOf(duration) };
}

function nicResults({ scenario, network, nics, nicSeries, intervalUs }: Finished): NicResult[] {
  return scenario.host.config.nics.map(({ name }, i) => {
    const { out, in: inbound } = network.cables[i] as Cable;
    const nic = nics[i] as (typeof nics)[number];
    const points = nicSeries.points[i] ?? [];
    const lost = (of: (path: Path) => number): number => of(out) + of(inbound);
    // A speed that changed counts for as long as it was.
    const bits = points.reduce((sum, { speedBps }) => sum + (speedBps * intervalUs) / 1e6, 0);
    const rxBytes = points.reduce((sum, point) => sum + point.rxBytes, 0);
    return {
      name,
      speedBps: nic.speedBps,
      txBps: Math.round((nic.sentBytes * 8e6) / scenario.duration),
      rxBps: Math.round((rxBytes * 8e6) / scenario.duration),
      load: bits === 0 ? 0 : (nic.sentBytes * 8) / bits,
      sentFrames: nic.sentFrames,
      lostByChance: lost((path) => path.lostByChance),
      lostByFullQueue: lost((path) => path.lostByFullQueue),
      missedFrames: nic.missedFrames,
    };
  });
}

function seriesOf({ scenario, meters, nicSeries, decisions, intervalUs }: Finished): SeriesResult {
  const { config } = scenario.host;
  const rate = (bytes: number): number => Math.round((bytes * 8e6) / intervalUs);
  const dropped = DROP_REASONS.flatMap((reason, i) =>
    decisions.droppedFor(i) === 0 ? [] : [[reason, decisions.points.map((point) => point.dropped[i] ?? 0)] as const],
  );
  return {
    intervalSeconds: intervalUs / 1e6,
    vms: meters.map(({ vm, direction, points }) => ({
      name: config.vms[vm]?.name ?? '',
      direction,
      throughputBps: points.map(({ bytes }) => rate(bytes)),
      p50Us: points.map(({ frames, p50Us }) => (frames === 0 ? null : toNs(p50Us))),
      p99Us: points.map(({ frames, p99Us }) => (frames === 0 ? null : toNs(p99Us))),
    })),
    nics: config.nics.map(({ name }, i) => {
      const points = nicSeries.points[i] ?? [];
      return {
        name,
        load: points.map(({ txBytes, speedBps }) => Math.round((rate(txBytes) / speedBps) * 1e4) / 1e4),
        pendingBytes: points.map(({ pendingBytes }) => pendingBytes),
        lostFrames: points.map(({ lostFrames }) => lostFrames),
        chosenFrames: decisions.points.map(({ sent }) => sent[i] ?? 0),
      };
    }),
    queuedFrames: decisions.points.map(({ queued }) => queued),
    droppedFrames: Object.fromEntries(dropped) as Partial<Record<DropReasonName, number[]>>,
  };
}
