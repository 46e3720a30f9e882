import { createHash } from 'node:crypto';
import type { Account } from '@fairlead/core';
import { DROP_REASONS, type DropReasonName } from '@fairlead/sdk';
import { Histogram } from '../measure/histogram.ts';
import { type DecisionPoint, intervalFor } from '../measure/series.ts';
import { type FlowResult, type HostResult, RESULT_VERSION, type SimulationResult, type VmResult } from '../result.ts';
import { latencyOf } from '../run/outcome.ts';
import type { ClusterScenario } from './check.ts';
import { joinMeters, type WholeMeter } from './join-meters.ts';
import type { FlowPart, MemberPart, PartitionResult } from './partition-result.ts';

/** Puts together what the threads have found: the same, however many they were. */
export function clusterOutcome(scenario: ClusterScenario, results: readonly PartitionResult[]): SimulationResult {
  const { title = 'cluster', seed, duration, warmUp, roster } = scenario;
  const members = results.flatMap((result) => result.members).sort((a, b) => a.number - b.number);
  const meters = joinMeters(results.flatMap((result) => result.meters));
  const flows = joinFlows(results.flatMap((result) => result.flows));
  const decisions = joinDecisions(results.map((result) => result.decisions));
  const policies = roster.hosts[0]?.host;
  const script = results.flatMap((result) => result.script);
  const told = members.flatMap(({ number, events }) =>
    events.map((event) => ({ ...event, text: `${roster.hosts[number]?.name}: ${event.text}` })),
  );
  const moves = members.flatMap((member) => member.moves).sort((a, b) => a.beganSeconds - b.beganSeconds);
  const digest = createHash('sha256');
  for (const member of members) digest.update(`${member.digest}\n`);
  const sum = (of: (member: MemberPart) => number): number => members.reduce((total, member) => total + of(member), 0);
  return {
    version: RESULT_VERSION,
    title,
    seed,
    durationSeconds: duration / 1e6,
    warmUpSeconds: warmUp / 1e6,
    policies: {
      admission: policies?.admission.chain[0]?.name ?? 'none',
      distribution: policies?.distribution.chain[0]?.name ?? 'first-available',
    },
    hosts: members.map((member) => hostResult(scenario, member, meters, flows)),
    vms: meters.filter(({ vm }) => vm >= 0).map((meter) => vmResult(scenario, meter, flows)),
    flows: flows.map((part) => flowResult(scenario, part)),
    nics: [],
    decisions: {
      lines: sum(({ lines }) => lines),
      sent: sentBy(scenario, decisions),
      queued: decisions.reduce((total, { queued }) => total + queued, 0),
      dropped: droppedBy(decisions),
    },
    events: [...script, ...told].sort((a, b) => a.seconds - b.seconds),
    ...(moves.length === 0 ? {} : { moves }),
    series: seriesOf(scenario, meters, decisions),
    accounts: [...members.flatMap(({ accounts }) => accounts), switchAccount(members)],
    frames: sum(({ sentFrames, receivedFrames }) => sentFrames + receivedFrames),
    digest: digest.digest('hex'),
  };
}

/** What hosts have given to the switch has come to others, or is on its way. */
function switchAccount(members: readonly MemberPart[]): Account {
  const sum = (of: (member: MemberPart) => number): number => members.reduce((total, member) => total + of(member), 0);
  const accepted = sum(({ carriedFrames }) => carriedFrames);
  const transmitted = sum(({ landedFrames }) => landedFrames);
  const queued = sum(({ landingFrames }) => landingFrames);
  return { subject: 'the switch', accepted, transmitted, queued, dropped: 0, missing: accepted - transmitted - queued };
}

function joinFlows(parts: readonly FlowPart[]): FlowPart[] {
  const whole = new Map<string, FlowPart>();
  for (const part of parts) {
    const key = `${part.entry} ${part.direction} ${part.vm} ${part.host}`;
    const known = whole.get(key);
    if (known === undefined) {
      whole.set(key, { ...part });
      continue;
    }
    for (const count of COUNTS) known[count] += part[count];
    known.duration ??= part.duration;
  }
  return [...whole.values()].sort((a, b) => a.entry - b.entry || a.host - b.host || a.vm - b.vm);
}

const COUNTS = [
  ...(['flows', 'sentFrames', 'arrivedFrames', 'underWayFrames', 'freshBytes', 'duplicates', 'outOfOrder'] as const),
  ...(['retransmits', 'guestLostFrames', 'begun', 'completed', 'failed'] as const),
];

function joinDecisions(all: readonly (readonly DecisionPoint[])[]): DecisionPoint[] {
  const [first = []] = all;
  return first.map((_, i) => ({
    sent: added(all.map((points) => points[i]?.sent ?? [])),
    queued: all.reduce((total, points) => total + (points[i]?.queued ?? 0), 0),
    dropped: added(all.map((points) => points[i]?.dropped ?? [])),
  }));
}

function added(rows: readonly (readonly number[])[]): number[] {
  const length = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length }, (_, i) => rows.reduce((total, row) => total + (row[i] ?? 0), 0));
}

function sentBy({ roster }: ClusterScenario, points: readonly DecisionPoint[]): Record<string, number> {
  const names = roster.hosts[0]?.host.config.nics.map(({ name }) => name) ?? [];
  return Object.fromEntries(
    names.map((name, i) => [name, points.reduce((total, { sent }) => total + (sent[i] ?? 0), 0)]),
  );
}

function droppedBy(points: readonly DecisionPoint[]): Partial<Record<DropReasonName, number>> {
  const counts = DROP_REASONS.map(
    (reason, i) => [reason, points.reduce((n, { dropped }) => n + (dropped[i] ?? 0), 0)] as const,
  );
  return Object.fromEntries(counts.filter(([, count]) => count > 0)) as Partial<Record<DropReasonName, number>>;
}

/** Frames that neither arrived nor are on their way. */
function lostOf(parts: readonly FlowPart[]): number {
  return parts.reduce((total, part) => total + part.sentFrames - part.arrivedFrames - part.underWayFrames, 0);
}

function hostResult(
  { roster, duration, warmUp }: ClusterScenario,
  member: MemberPart,
  meters: readonly WholeMeter[],
  flows: readonly FlowPart[],
): HostResult {
  const own = meters.filter(({ host, direction }) => host === member.number && direction !== 'attack');
  const attacks = meters.filter(({ host, direction }) => host === member.number && direction === 'attack');
  const latency = new Histogram();
  for (const meter of own) latency.join(meter.latency.data);
  const bytes = own.reduce((total, meter) => total + meter.bytes, 0);
  const plan = roster.hosts[member.number] as (typeof roster.hosts)[number];
  return {
    name: plan.name,
    vms: plan.vms.filter((vm) => roster.homes[vm] === member.number).length,
    throughputBps: Math.round((bytes * 8e6) / (duration - warmUp)),
    latency: latencyOf(latency),
    arrivedFrames: own.reduce((total, { frames }) => total + frames, 0),
    lostFrames: lostOf(flows.filter(({ host, direction }) => host === member.number && direction !== 'attack')),
    attackFrames: attacks.reduce((total, { frames }) => total + frames, 0),
    nicFrames: member.sentFrames + member.receivedFrames,
    digest: member.digest,
  };
}

function vmResult(
  { roster, duration, warmUp }: ClusterScenario,
  meter: WholeMeter,
  flows: readonly FlowPart[],
): VmResult {
  const own = flows.filter(({ vm, direction }) => vm === meter.vm && direction === meter.direction);
  const sum = (of: (part: FlowPart) => number): number => own.reduce((total, part) => total + of(part), 0);
  return {
    name: roster.vms[meter.vm] ?? '',
    direction: meter.direction,
    throughputBps: Math.round((meter.bytes * 8e6) / (duration - warmUp)),
    latency: latencyOf(meter.latency),
    arrivedFrames: meter.frames,
    sentFrames: sum(({ sentFrames }) => sentFrames),
    lostFrames: lostOf(own),
    guestLostFrames: sum(({ guestLostFrames }) => guestLostFrames),
    retransmits: sum(({ retransmits }) => retransmits),
  };
}

function flowResult({ roster, named, duration }: ClusterScenario, part: FlowPart): FlowResult {
  const { name, kind } = named[part.entry] as (typeof named)[number];
  const { begun, completed, failed, duration: took } = part;
  const histogram = new Histogram();
  if (took !== undefined) histogram.join(took);
  return {
    sender: name,
    vm: part.vm < 0 ? `${part.flows} of ${roster.hosts[part.host]?.name}` : (roster.vms[part.vm] ?? ''),
    kind,
    sentFrames: part.sentFrames,
    arrivedFrames: part.arrivedFrames,
    goodputBps: Math.round((part.freshBytes * 8e6) / duration),
    duplicates: part.duplicates,
    outOfOrder: part.outOfOrder,
    retransmits: part.retransmits,
    ...(took === undefined ? {} : { connections: { begun, completed, failed, duration: latencyOf(histogram) } }),
  };
}

function seriesOf(
  { roster, duration }: ClusterScenario,
  meters: readonly WholeMeter[],
  decisions: readonly DecisionPoint[],
): SimulationResult['series'] {
  const intervalUs = intervalFor(duration);
  const dropped = DROP_REASONS.flatMap((reason, i) =>
    decisions.some((point) => (point.dropped[i] ?? 0) > 0)
      ? [[reason, decisions.map((point) => point.dropped[i] ?? 0)] as const]
      : [],
  );
  return {
    intervalSeconds: intervalUs / 1e6,
    vms: meters
      .filter(({ vm }) => vm >= 0)
      .map(({ vm, direction, points }) => ({
        name: roster.vms[vm] ?? '',
        direction,
        throughputBps: points.map(({ bytes }) => Math.round((bytes * 8e6) / intervalUs)),
        p50Us: points.map(({ frames, p50Us }) => (frames === 0 ? null : p50Us)),
        p99Us: points.map(({ frames, p99Us }) => (frames === 0 ? null : p99Us)),
      })),
    nics: [],
    queuedFrames: decisions.map(({ queued }) => queued),
    droppedFrames: Object.fromEntries(dropped) as Partial<Record<DropReasonName, number[]>>,
  };
}
