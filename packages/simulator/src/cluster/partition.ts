import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Composition, SeededRandom } from '@fairlead/core';
import { DecisionSeries, intervalFor } from '../measure/series.ts';
import type { Fabric } from '../network/network.ts';
import type { EventResult } from '../result.ts';
import { composeSimulated, type Simulated } from '../run/compose.ts';
import { Traffic } from '../run/traffic.ts';
import type { Flow } from '../traffic/flow.ts';
import type { Packet } from '../traffic/packet.ts';
import type { ClusterScenario } from './check.ts';
import { Member } from './member.ts';
import { ClusterMeters } from './meters.ts';
import type { PartitionResult } from './partition-result.ts';
import { clusterPlaces } from './places.ts';
import { partitionResult } from './read-partition.ts';
import { seedOf } from './roster.ts';
import type { Landing, Rounds } from './rounds.ts';
import { type ClusterLine, clusterScript } from './script.ts';

/** Told now and then which part of the run is done. */
export type Progress = (part: number, frames: number, nowUs: number) => void;

/** The hosts that one thread simulates, of all that there are. */
export class Partition implements Fabric, Landing {
  readonly scenario: ClusterScenario;
  readonly members: readonly Member[];
  readonly traffic: Traffic;
  readonly meters: ClusterMeters;
  readonly decisions: DecisionSeries;
  readonly script: EventResult[] = [];
  readonly #rounds: Rounds;
  readonly #first: number;
  /** Host behind which each VM was heard last. */
  readonly #hostOf: Int32Array;
  readonly #flowsOf = new Map<Member, Flow[]>();

  private constructor(scenario: ClusterScenario, composed: readonly Composition[], first: number, rounds: Rounds) {
    this.scenario = scenario;
    this.#rounds = rounds;
    this.#first = first;
    const { roster } = scenario;
    this.#hostOf = roster.homes.slice();
    this.decisions = new DecisionSeries(Math.max(...roster.hosts.map(({ host }) => host.nics.length)));
    this.members = composed.map((host, i) => {
      const plan = roster.hosts[first + i] as (typeof roster.hosts)[number];
      return new Member(first + i, plan, host, this, scenario, this.decisions);
    });
    this.meters = new ClusterMeters(scenario);
    const places = clusterPlaces(roster, this.members, first, this.meters);
    this.traffic = new Traffic(places, scenario.named, (stream) => new SeededRandom(scenario.seed, stream));
    const memberOf = new Map(
      this.members.flatMap((member) => [
        [member.network as object, member] as const,
        ...member.plan.vms.map((_, row) => [member.guest(row).station as object, member] as const),
      ]),
    );
    for (const flow of this.traffic.flows) {
      const member = flow && memberOf.get(flow.from);
      if (member === undefined) continue;
      const known = this.#flowsOf.get(member);
      if (known === undefined) this.#flowsOf.set(member, [flow]);
      else known.push(flow);
    }
  }

  /** Makes the hosts `first` up to but not including `end`. */
  static async make(scenario: ClusterScenario, first: number, end: number, rounds: Rounds): Promise<Partition> {
    return new Partition(scenario, await composeAll(scenario, first, end), first, rounds);
  }

  hostOf(vm: number): number {
    return this.#hostOf[vm];
  }

  /** Takes effect at the end of the round, everywhere at once. */
  heard(vm: number, host: number): void {
    if (vm >= 0 && this.#hostOf[vm] !== host) this.#rounds.out.pushHeard(vm, host);
  }

  carry(packet: Packet, _from: number, to: number, atUs: number): void {
    this.#rounds.out.push(packet, to, atUs + this.scenario.links.delay);
  }

  /** Another host, of any thread, has sent something. */
  land(packet: Packet, to: number, landsUs: number): void {
    const member = this.members[to - this.#first];
    if (member === undefined) return;
    member.network.landing.insert(packet, landsUs);
    if (landsUs < member.nextUs) member.nextUs = landsUs;
  }

  readonly #landing: Landing = {
    land: (packet, to, landsUs) => this.land(packet, to, landsUs),
    heard: (vm, host) => {
      this.#hostOf[vm] = host;
    },
  };

  async run(progress?: Progress): Promise<PartitionResult> {
    const { duration, links } = this.scenario;
    for (const member of this.members) await member.start(this.traffic.flows, this.traffic.inbound);
    const lines = clusterScript(this.scenario, (member) => this.#flowsOf.get(member) ?? []);
    const intervalUs = intervalFor(duration);
    const turns = this.members.some(({ host }) => host.config.signals.length > 0);
    let intervalEnd = intervalUs;
    let turnUs = 0;
    for (let nowUs = 0; nowUs < duration; ) {
      const untilUs = Math.min(nowUs + links.delay, duration);
      const due: ClusterLine[] = [];
      while (lines[0] !== undefined && lines[0].atUs <= nowUs) due.push(lines.shift() as ClusterLine);
      await this.#round(due, nowUs, untilUs);
      this.#rounds.next(this.#landing);
      nowUs = untilUs;
      if (turns && nowUs >= turnUs) {
        turnUs = nowUs + TURN_US;
        await nextTurn();
      }
      if (nowUs < intervalEnd && nowUs < duration) continue;
      intervalEnd += intervalUs;
      for (const member of this.members) member.log.settle();
      this.meters.mark();
      this.decisions.mark();
      if (progress === undefined) continue;
      progress(
        nowUs / duration,
        this.members.reduce((sum, { frames }) => sum + frames, 0),
        nowUs,
      );
      await nextTurn();
    }
    for (const member of this.members) {
      member.to(duration);
      member.network.advance(duration);
      member.log.settle();
      member.log.flush();
    }
    this.#rounds.next(this.#landing);
    return partitionResult(this);
  }

  /** Each host for itself: what the script does to it, and what is due. */
  async #round(due: readonly ClusterLine[], nowUs: number, untilUs: number): Promise<void> {
    for (const member of this.members) {
      for (const line of due) {
        if (line.host !== undefined && line.host !== member.number) continue;
        member.to(nowUs);
        await line.run(member);
      }
      if (member.nextUs < untilUs) member.advance(untilUs);
    }
    // Each thread tells of what it has seen to: of what concerns all, the first.
    for (const { atUs, text, host = 0 } of due)
      if (text !== undefined && this.members[host - this.#first] !== undefined)
        this.script.push({ seconds: atUs / 1e6, by: 'script', text });
  }

  async close(): Promise<void> {
    for (const { host } of this.members) await host.close();
  }
}

/** Responders and hypervisors are asynchronous: they have their turn so often, on the virtual clock. */
const TURN_US = 10_000;

/** The hosts as they are simulated. Those that repeat one are composed once. */
async function composeAll(scenario: ClusterScenario, first: number, end: number): Promise<Composition[]> {
  const { roster, template, network, options } = scenario;
  const composeOne = (host: Composition, seed: number): Promise<Composition> =>
    composeSimulated({ host, seed, network, options } satisfies Simulated);
  const plans = roster.hosts.slice(first, end);
  if (template === undefined)
    return Promise.all(plans.map(({ host }, i) => composeOne(host, seedOf(scenario.seed, first + i))));
  const model = await composeOne(template, scenario.seed);
  return plans.map(({ name, host }, i) => {
    const vms = model.config.vms.map((vm, row) => renamed(vm, host, row));
    const devices = model.devices.map((plan, port) => ({ ...plan, name: host.devices[port]?.name ?? plan.name }));
    return { ...model, config: { ...model.config, name, seed: seedOf(scenario.seed, first + i), vms }, devices };
  });
}

function renamed(vm: Composition['config']['vms'][number], { config }: Composition, row: number) {
  const { name, mac } = config.vms[row] as (typeof config.vms)[number];
  return { ...vm, name, mac };
}
