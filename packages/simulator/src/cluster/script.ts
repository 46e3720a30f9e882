import { lineOf, type Stage } from '../run/script.ts';
import type { EventEntry } from '../scenario/schema.ts';
import type { Flow } from '../traffic/flow.ts';
import type { ClusterScenario } from './check.ts';
import type { Member } from './member.ts';

/** Something that the script does at a time, to one host or to each. */
export interface ClusterLine {
  readonly atUs: number;
  readonly text: string | undefined;
  /** Host that it is done to; undefined: all, or the one that has the VM. */
  readonly host: number | undefined;
  /** VM that it is done to, wherever that is by then. */
  readonly vm?: number;
  run(member: Member): Promise<void> | void;
}

/** Flows by the host where they begin. */
export type FlowsOf = (member: Member) => readonly Flow[];

/** Everything that happens at a time, in order. */
export function clusterScript(scenario: ClusterScenario, flowsOf: FlowsOf): ClusterLine[] {
  const lines: ClusterLine[] = [];
  const each = (entry: number, act: (flow: Flow, nowUs: number) => void) => (member: Member) =>
    eachFlow(member, flowsOf(member), entry, act);
  for (const [entry, { start, stop, name }] of scenario.named.entries()) {
    const begin = each(entry, (flow, nowUs) => flow.source.start(nowUs));
    lines.push({ atUs: start, text: start > 0 ? `${name} starts` : undefined, host: undefined, run: begin });
    if (stop === undefined || stop >= scenario.duration) continue;
    const end = each(entry, (flow, nowUs) => flow.source.stop(nowUs));
    lines.push({ atUs: stop, text: `${name} stops`, host: undefined, run: end });
  }
  for (const event of scenario.events) lines.push(eventLine(scenario, event, each));
  return lines.sort((a, b) => a.atUs - b.atUs);
}

type Each = (entry: number, act: (flow: Flow, nowUs: number) => void) => (member: Member) => void;

function eventLine(scenario: ClusterScenario, event: EventEntry, each: Each): ClusterLine {
  const { at: atUs, sender = '' } = event;
  const entry = scenario.named.findIndex(({ name }) => name === sender);
  const toSender = (text: string, act: (flow: Flow, nowUs: number) => void): ClusterLine => ({
    atUs,
    text,
    host: undefined,
    run: each(entry, act),
  });
  if (event.do === 'sender-start') return toSender(`${sender} starts`, (flow, nowUs) => flow.source.start(nowUs));
  if (event.do === 'sender-stop') return toSender(`${sender} stops`, (flow, nowUs) => flow.source.stop(nowUs));
  if (event.do === 'sender-rate') {
    const rate = event.rateBps ?? event.perSecond ?? 0;
    return toSender(`${sender}: ${rate} ${event.rateBps === undefined ? 'a second' : 'bit/s'}`, (flow, nowUs) =>
      flow.source.setRate?.(rate, nowUs),
    );
  }
  const { nic, ...place } = placeOf(scenario, event);
  const run = (member: Member) => lineOf(stageOf(member, scenario), { ...event, nic }, undefined).run();
  return { atUs, text: textOf(event), ...place, run };
}

function textOf({ do: what, nic, vm, to }: EventEntry): string {
  return `${what} ${nic ?? vm ?? ''}${to === undefined ? '' : ` to ${to}`}`.trimEnd();
}

/** Host and local name of the NIC, or the VM. */
function placeOf(
  { roster }: ClusterScenario,
  { nic = '', vm }: EventEntry,
): { host: number | undefined; vm?: number; nic: string } {
  if (vm !== undefined) return { host: undefined, vm: roster.numberOf(vm), nic };
  const host = roster.hosts.findIndex(({ name, host: { config } }) =>
    config.nics.some((one) => `${name}.${one.name}` === nic),
  );
  return { host, nic: nic.slice((roster.hosts[host]?.name.length ?? -1) + 1) };
}

function stageOf({ host, network, nics, log }: Member, { named, events, duration }: ClusterScenario): Stage {
  return { host, network, nics, flows: [], log, scenario: { named, events, duration, successors: new Map() } };
}

function eachFlow(
  member: Member,
  flows: readonly Flow[],
  entry: number,
  act: (flow: Flow, nowUs: number) => void,
): void {
  const { nowUs } = member.host;
  let some = false;
  for (const flow of flows) {
    if (flow.entry !== entry) continue;
    act(flow, nowUs);
    some = true;
  }
  if (!some) return;
  member.network.work(nowUs);
  member.wake();
}
