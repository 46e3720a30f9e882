import type { MigrationRecord } from '@fairlead/core';
import type { MoveResult } from '../result.ts';
import { framesUnderWay } from '../run/under-way.ts';
import type { Flow } from '../traffic/flow.ts';
import type { Member } from './member.ts';
import type { Partition } from './partition.ts';
import type { FlowPart, MemberPart, PartitionResult } from './partition-result.ts';

/** Reads what a thread's hosts have done, once the run is over. */
export function partitionResult(partition: Partition): PartitionResult {
  return {
    members: partition.members.map(memberPart),
    meters: partition.meters.parts(),
    flows: flowParts(partition),
    decisions: partition.decisions.points,
    script: partition.script,
    residentBytes: process.memoryUsage.rss(),
  };
}

function memberPart(member: Member): MemberPart {
  const { number, digest, nics, network, events } = member;
  const sum = (of: (nic: (typeof nics)[number]) => number): number => nics.reduce((total, nic) => total + of(nic), 0);
  const accounts = member.accounts();
  return {
    number,
    lines: digest.lines,
    digest: digest.hex(),
    sentFrames: sum(({ sentFrames }) => sentFrames),
    receivedFrames: sum(({ receivedFrames }) => receivedFrames),
    sentBytes: sum(({ sentBytes }) => sentBytes),
    receivedBytes: member.host.nics.list().reduce((total, { rxBytes }) => total + rxBytes, 0),
    carriedFrames: network.carriedFrames,
    landedFrames: network.landedFrames,
    landingFrames: network.landing.count,
    accounts,
    events,
    moves: member.host.migrations().flatMap((record) => (record.direction === 'out' ? moveResult(record) : [])),
  };
}

function moveResult(record: MigrationRecord): MoveResult {
  const { vm, from, to, by, cause, state, reason, startedUs, endedUs, downtimeMs } = record;
  const { outboundFrames, inboundFrames } = record;
  return {
    ...{ vm, from, to, by, cause, state, reason, beganSeconds: startedUs / 1e6 },
    ...(endedUs === undefined ? {} : { endedSeconds: endedUs / 1e6 }),
    ...(downtimeMs === undefined ? {} : { downtimeMs }),
    ...{ outboundFrames, inboundFrames },
  };
}

/** Sums over flows; what a flow's other end has seen is with the thread that has it. */
function flowParts({ members, traffic, meters, scenario }: Partition): FlowPart[] {
  const underWay = new Int32Array(traffic.count);
  for (const { host, network } of members) framesUnderWay({ host, network }, underWay);
  const parts = new Map<string, FlowPart>();
  for (const flow of traffic.flows) {
    if (flow === undefined) continue;
    const alone = meters.isWatched(flow.vm);
    const key = `${flow.entry} ${flow.direction} ${alone ? flow.vm : `of host ${scenario.roster.homes[flow.vm]}`}`;
    const part = parts.get(key) ?? emptyPart(flow, alone, scenario.roster.homes[flow.vm]);
    parts.set(key, part);
    add(part, flow, underWay[flow.id]);
  }
  return [...parts.values()];
}

function emptyPart({ entry, vm, direction }: Flow, alone: boolean, host: number): FlowPart {
  const none = { flows: 0, sentFrames: 0, arrivedFrames: 0, underWayFrames: 0, freshBytes: 0, duplicates: 0 };
  const more = { outOfOrder: 0, retransmits: 0, guestLostFrames: 0, begun: 0, completed: 0, failed: 0 };
  return { entry, vm: alone ? vm : -1, host, direction, ...none, ...more, duration: undefined };
}

function add(part: FlowPart, { from, source, sink, sentFrames, arrivedFrames }: Flow, underWayFrames: number): void {
  if (from !== undefined) part.flows++;
  part.sentFrames += sentFrames;
  part.arrivedFrames += arrivedFrames;
  part.underWayFrames += underWayFrames;
  part.freshBytes += sink.freshBytes;
  part.duplicates += sink.duplicates;
  part.outOfOrder += sink.outOfOrder;
  part.retransmits += source.retransmits;
  part.guestLostFrames += source.backlog.lost;
  const { connections } = source;
  if (connections === undefined) return;
  part.begun += connections.begun;
  part.completed += connections.completed;
  part.failed += connections.failed;
  // A sender of clients at one VM is one flow; of several the last one's times stand for all.
  part.duration = connections.duration.data;
}
