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
import { besideOthers, knownAs, RunNumber } from './control.ts';
import { Member } from './member.ts';
import { ClusterMeters } from './meters.ts';
import type { PartitionResult } from './partition-result.ts';
import { clusterPlaces } from './places.ts';
import { partitionResult } from './read-partition.ts';
import { seedOf } from './roster.ts';
import type { Landing, Rounds } from './rounds.ts';
import { type ClusterLine, clusterScript } from './script.ts';
import { asRepeated } from './template.ts';

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

  /** Host that has each VM. */
  readonly #homes: Int32Array;
  readonly #run: RunNumber;

  private constructor(
    scenario: ClusterScenario,
    composed: readonly Composition[],
    first: number,
    rounds: Rounds,
    run: RunNumber,
  ) {
    this.scenario = scenario;
    this.#run = run;
    this.#rounds = rounds;
    this.#first = first;
    const { roster } = scenario;
    this.#hostOf = roster.homes.slice();
    this.#homes = roster.homes.slice();
    this.decisions = new DecisionSeries(Math.max(...roster.hosts.map(({ host }) => host.nics.length)));
    this.members = composed.map((host, i) => {
      const plan = roster.hosts[first + i] as (typeof roster.hosts)[number];
      return new Member(first + i, plan, host, this, scenario, this.decisions, this.#moved);
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
    const run = new RunNumber();
    try {
      return new Partition(scenario, await composeAll(scenario, first, end, run), first, rounds, run);
    } catch (cause) {
      run.release();
      throw cause;
    }
  }

  /** A VM runs on a host: its guest goes on there, if it was on another one. */
  readonly #moved = (to: Member, vm: number): void => {
    const from = this.members[(this.#homes[vm] as number) - this.#first];
    if (from === undefined || from === to) return;
    const guest = from.guest(from.plan.vms.indexOf(vm));
    const { station } = guest;
    to.guest(to.plan.vms.indexOf(vm)).takeOver(guest);
    this.#homes[vm] = to.number;
    const goes = (flow: Flow): boolean => flow.from === station;
    const flows = this.#flowsOf.get(from) ?? [];
    const there = [...(this.#flowsOf.get(to) ?? []), ...flows.filter(goes)].sort((a, b) => a.id - b.id);
    this.#flowsOf.set(to, there);
    this.#flowsOf.set(
      from,
      flows.filter((flow) => !goes(flow)),
    );
  };

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
    const turns = this.members.some(({ host }) => host.config.signals.length > 0 || host.config.registry !== undefined);
    // The same for all threads: what waits in one of them must not have its turn earlier for what another one simulates.
    const turnLengthUs = this.scenario.roster.movable.size > 0 ? MOVING_TURN_US : TURN_US;
    const together = this.members.filter(({ host }) => host.config.registry !== undefined);
    let intervalEnd = intervalUs;
    let turnUs = 0;
    for (let nowUs = 0; nowUs < duration; ) {
      const untilUs = Math.min(nowUs + links.delay, duration);
      const due: ClusterLine[] = [];
      while (lines[0] !== undefined && lines[0].atUs <= nowUs) due.push(lines.shift() as ClusterLine);
      if (due.length > 0) {
        // Who speaks to each other has the same time.
        for (const member of together) member.to(nowUs);
        this.#act(due, nowUs);
        await nextTurn();
      }
      for (const member of this.members) if (member.nextUs < untilUs) member.advance(untilUs);
      this.#rounds.next(this.#landing);
      nowUs = untilUs;
      if (turns && nowUs >= turnUs) {
        turnUs = nowUs + turnLengthUs;
        for (const member of together) member.to(nowUs);
        await nextTurn();
      }
      if (nowUs < intervalEnd && nowUs < duration) continue;
      intervalEnd += intervalUs;
      for (const member of this.members) member.log.settle();
      this.meters.mark();
      this.decisions.mark();
      progress?.(
        nowUs / duration,
        this.members.reduce((sum, { frames }) => sum + frames, 0),
        nowUs,
      );
      // Whether or not anybody is told: it is a turn for all that waits for one.
      if (turns || progress !== undefined) await nextTurn();
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

  /** What the script does now. Of what takes time the end is not waited for: time goes by between rounds. */
  #act(due: readonly ClusterLine[], nowUs: number): void {
    for (const line of due) {
      const host = line.vm === undefined ? line.host : this.#homes[line.vm];
      for (const member of host === undefined ? this.members : this.members.filter(({ number }) => number === host)) {
        member.to(nowUs);
        member.underWay(line.text ?? '', line.run(member));
      }
      // Each thread tells of what it has seen to: of what concerns all, the first.
      if (line.text !== undefined && this.members[(host ?? 0) - this.#first] !== undefined)
        this.script.push({ seconds: line.atUs / 1e6, by: 'script', text: line.text });
    }
  }

  async close(): Promise<void> {
    for (const { host } of this.members) await host.close();
    this.#run.release();
  }
}

/** Responders and hypervisors are asynchronous: they have their turn so often, on the virtual clock. */
const TURN_US = 10_000;
/** And so often where VMs go from host to host, which they do in steps. */
const MOVING_TURN_US = 1000;

/** The hosts as they are simulated. Those that repeat one are composed once. */
async function composeAll(
  scenario: ClusterScenario,
  first: number,
  end: number,
  run: RunNumber,
): Promise<Composition[]> {
  const { roster, template, network, options } = scenario;
  const composeOne = (host: Composition, seed: number): Promise<Composition> =>
    composeSimulated({ host, seed, network, options } satisfies Simulated, besideOthers(host));
  const plans = roster.hosts.slice(first, end);
  if (template === undefined)
    return Promise.all(
      plans.map(async ({ name, host, registry = '' }, i) =>
        knownAs(await composeOne(host, seedOf(scenario.seed, first + i)), name, registry, run),
      ),
    );
  const bare = await composeOne(template, scenario.seed);
  return plans.map((plan, i) => {
    const { config, ...model } = asRepeated(knownAs(bare, plan.name, plan.registry ?? '', run), plan);
    return { ...model, config: { ...config, seed: seedOf(scenario.seed, first + i) } };
  });
}
