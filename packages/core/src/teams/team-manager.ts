import { FairleadError, NicState } from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';
import type { Announcer } from './announcer.ts';
import { AwayVms, nobodyServes } from './away-vms.ts';
import { LeavingNics } from './leaving-nics.ts';
import { MoveBook } from './move-book.ts';
import { Team } from './team.ts';
import { editedPlan, type TeamEdit } from './team-edit.ts';
import { writeRoles } from './team-plan.ts';
import type { TeamPlan } from './team-rules.ts';
import type { TeamMove, TeamStatus } from './team-status.ts';
import { notServing, VmPins } from './vm-pins.ts';

/**
 * The teams of a host: which NICs serve each, and what an operator does to them. A change is published to the forwarding
 * workers as a whole; they take it over between two batches.
 *
 * @example
 * ```ts
 * import type { Host, TeamEdit, TeamManager, TeamMove, TeamPlan, TeamRules, TeamStatus } from '@fairlead/core';
 *
 * function table(host: Host): string[] {
 *   const teams: TeamManager = host.teams;
 *   const line = ({ name, current, standby }: TeamStatus) => `${name}: ${current}, then ${standby.join(', ')}`;
 *   return teams.list().map(line);
 * }
 * const tell = ({ team, from, to, cause }: TeamMove) => `${team}: ${from} to ${to}, ${cause}`;
 * const edit: TeamEdit = { standby: ['uplink2'], failback: false };
 * const standbys = ({ standby }: TeamPlan, { name }: TeamRules) => `${name}: ${standby.length}`;
 * ```
 */
export class TeamManager {
  readonly #arena: Arena;
  readonly #plans: TeamPlan[];
  readonly #teams: readonly Team[];
  readonly #announcer: Announcer | undefined;
  readonly #served: (readonly number[])[];
  readonly #pins: VmPins;
  readonly #away: AwayVms;
  /** The NICs that fail over. */
  readonly leaving: LeavingNics;
  /** Teams that have been served before. */
  readonly #everServed = new Set<number>();
  #nowUs = 0;
  /** What has moved. */
  readonly book: MoveBook;

  constructor(
    arena: Arena,
    plans: readonly TeamPlan[],
    announcer: Announcer | undefined,
    moved: (move: TeamMove) => void,
  ) {
    this.#arena = arena;
    this.#announcer = announcer;
    this.#plans = [...plans];
    this.book = new MoveBook(arena, this.names, moved);
    const { nics } = arena;
    const members = {
      usable: (nic: number) => nics.state[nic] === NicState.Up,
      speedBps: (nic: number) => nics.speedBps[nic],
    };
    this.#teams = plans.map((plan) => new Team(plan, members));
    this.#served = plans.map(() => []);
    this.#pins = new VmPins(arena);
    this.#away = new AwayVms(arena);
    this.leaving = new LeavingNics(arena);
    writeRoles(nics, plans);
  }

  /** The latest moves, the oldest first: 256 of teams and VMs, and 256 that load distribution has made. */
  get moves(): readonly TeamMove[] {
    return this.book.list();
  }

  /** Teams of the host. */
  get count(): number {
    return this.#plans.length;
  }

  /** Their names, by team number. */
  get names(): readonly string[] {
    return this.#plans.map((plan) => plan.name);
  }

  /** Follows what happened to the NICs, or only to the clock, and publishes what has changed. */
  settle(nowUs: number, cause: string): void {
    this.#nowUs = nowUs;
    for (const team of this.#teams) team.settle(nowUs);
    this.#publish(nowUs, cause);
  }

  /** Called by the NIC manager's poll: members whose hold-down is over serve again. */
  poll(nowUs: number): void {
    this.#nowUs = nowUs;
    if (this.#teams.some((team) => team.nextDueUs <= nowUs)) this.settle(nowUs, 'hold-down is over');
    this.#announcer?.poll(nowUs);
  }

  /** True when a member of one of the NIC's teams, other than the NIC itself, is usable. */
  hasOther(nic: number): boolean {
    return this.#plans.some((plan) => {
      const all = [...plan.active, ...plan.standby];
      return all.includes(nic) && all.some((other) => other !== nic && this.#arena.nics.state[other] === NicState.Up);
    });
  }

  /** NIC numbers of a team's active and standby members. */
  membersOf(name: string): readonly number[] {
    const plan = this.#plans[this.names.indexOf(name)];
    return plan === undefined ? [] : [...plan.active, ...plan.standby];
  }

  /** NICs that serve a team now, its own or those of the team it fails over to; the current one first. */
  #servingOf(team: number): { serving: readonly number[]; by: number } {
    for (let at: number | undefined = team, hops = 0; at !== undefined && hops <= this.#plans.length; hops++) {
      const { serving } = this.#teams[at] as Team;
      if (serving.length > 0) return { serving, by: at };
      at = this.#plans[at]?.failover;
    }
    return { serving: [], by: team };
  }

  #publish(nowUs: number, cause: string): void {
    const { threads, teams } = this.#arena;
    for (const vm of this.#away.stranded((team) => this.#servingOf(team).serving))
      this.#move(vm, this.#away.homeOf(vm), nowUs, `back, as ${cause}`);
    let all = 0;
    for (const [team, plan] of this.#plans.entries()) {
      const { serving, by } = this.#servingOf(team);
      const set = (members: readonly number[]): number => members.reduce((mask, nic) => mask | (1 << nic), 0);
      all |= set(serving);
      const target = this.#plans[by] as TeamPlan;
      const own = set([...plan.active, ...plan.standby]);
      const receiving = own | set(serving);
      const group = target.receivesFromAll ? receiving : set(serving.slice(0, 1));
      teams.write(team, { serving, receiving, group });
      for (const vm of this.#pins.lost(team, serving)) this.#unpin(vm, serving, nowUs, cause);
      const before = this.#served[team] as readonly number[];
      if (serving.join() === before.join()) continue;
      this.#served[team] = serving;
      this.leaving.note(team, before, serving);
      const first = !this.#everServed.has(team);
      if (serving.length > 0) this.#everServed.add(team);
      // VMs that were nowhere yet have not moved, and need not be announced: their own frames say where they are.
      if (first) continue;
      if (serving.length > 0) this.#announcer?.announce(team, nowUs);
      this.book.addOfTeam(team, before, serving, nowUs, cause);
    }
    this.leaving.flag(all);
    threads.available = all;
    this.#arena.wakeWorkers();
  }

  /**
   * Has another team of NICs carry a VM's frames, until its own does again (`undefined`), or the other one can not. What
   * the VM had queued before leaves first.
   * @throws FairleadError `FAIRLEAD_ERR_UNKNOWN_TEAM`, or `_HOST_STATE` when no NIC serves that team.
   */
  carry(vm: number, team: string | undefined, nowUs: number): void {
    const to = team === undefined ? this.#away.homeOf(vm) : this.index(team);
    if (to === this.#arena.vms.team[vm]) return;
    if (team !== undefined && this.#servingOf(to).serving.length === 0) throw nobodyServes(team);
    this.#move(vm, to, nowUs, team === undefined ? 'back to its own team' : 'failed over by a responder');
    this.#publish(nowUs, 'a VM was moved');
  }

  #move(vm: number, to: number, nowUs: number, cause: string): void {
    const from = this.#servingOf(this.#arena.vms.team[vm]).serving;
    this.#pins.release(vm);
    this.#away.put(vm, to);
    this.book.addOfVm(vm, from, this.#servingOf(to).serving, nowUs, cause);
    this.#announcer?.announceVm(vm, nowUs);
  }

  /**
   * Puts a VM's frames on one NIC that serves its team, whatever load distribution would choose, until that NIC ceases
   * to serve; with `undefined` load distribution chooses again. What the VM had queued before leaves first.
   * @throws FairleadError `FAIRLEAD_ERR_UNKNOWN_VM`, `_UNKNOWN_NIC`, or `_HOST_STATE` when the NIC does not serve.
   * @example
   * ```ts
   * host.teams.pin('web', 'uplink1', host.nowUs);
   * host.teams.pin('web', undefined, host.nowUs);
   * ```
   */
  pin(vmName: string, member: string | undefined, nowUs: number): void {
    const vm = this.#pins.index(vmName);
    const team = this.#arena.vms.team[vm];
    const { serving, by } = this.#servingOf(team);
    const before = this.#pins.nicOf(vm);
    if (member === undefined) {
      if (before === undefined) return;
      this.#unpin(vm, serving, nowUs, 'released by the operator');
    } else {
      const nic = this.#member(by, member);
      if (!serving.includes(nic)) throw notServing(member, this.names[team] as string);
      if (nic === before) return;
      this.#pins.put(vm, nic);
      this.book.addOfVm(vm, before === undefined ? serving : [before], [nic], nowUs, 'migrated by the operator');
    }
    this.#announcer?.announceVm(vm, nowUs);
    this.#publish(nowUs, 'a VM was migrated');
  }

  /** Name of the NIC that a VM is pinned to; undefined when load distribution chooses. */
  pinOf(vmName: string): string | undefined {
    const nic = this.#pins.nicOf(this.#pins.index(vmName));
    return nic === undefined ? undefined : this.#arena.nics.names[nic];
  }

  #unpin(vm: number, serving: readonly number[], nowUs: number, cause: string): void {
    const before = this.#pins.nicOf(vm);
    this.#pins.release(vm);
    this.book.addOfVm(vm, before === undefined ? [] : [before], serving, nowUs, cause);
  }

  /**
   * The number of a team.
   * @throws FairleadError `FAIRLEAD_ERR_UNKNOWN_TEAM`
   */
  index(name: string): number {
    const team = this.names.indexOf(name);
    if (team >= 0) return team;
    throw new FairleadError('FAIRLEAD_ERR_UNKNOWN_TEAM', `there is no team "${name}"`, {
      mend: `use one of: ${this.names.join(', ')}`,
    });
  }

  #member(team: number, name: string): number {
    const nic = this.#arena.nics.names.indexOf(name);
    const { active, standby, unused, name: teamName } = this.#plans[team] as TeamPlan;
    const all = [...active, ...standby, ...unused];
    if (all.includes(nic)) return nic;
    throw new FairleadError('FAIRLEAD_ERR_UNKNOWN_NIC', `team "${teamName}" has no member "${name}"`, {
      mend: `use one of: ${this.book.named(all).join(', ')}`,
    });
  }

  /**
   * Changes a team under load: members, order, primary. Members that are named nowhere any more become unused; nothing
   * changes when a name is wrong.
   *
   * @throws FairleadError `FAIRLEAD_ERR_UNKNOWN_TEAM`, `_UNKNOWN_NIC`, or `_HOST_STATE` for an order that names a NIC
   * twice or leaves no member.
   * @example
   * ```ts
   * host.teams.edit('uplinks', { active: ['uplink1'], standby: ['uplink0'] }, host.nowUs);
   * ```
   */
  edit(name: string, edit: TeamEdit, nowUs: number): void {
    const at = this.index(name);
    const plan = this.#plans[at] as TeamPlan;
    const next = editedPlan(plan, edit, (nic) => this.#member(at, nic));
    this.#plans[at] = next;
    writeRoles(this.#arena.nics, this.#plans);
    (this.#teams[at] as Team).setRules(next, nowUs);
    this.settle(nowUs, 'edited by the operator');
  }

  /**
   * Puts a member first that serves, until those that serve change.
   * @throws FairleadError `FAIRLEAD_ERR_UNKNOWN_TEAM`, `_UNKNOWN_NIC`, or `_HOST_STATE` when the member does not serve.
   */
  setActive(name: string, member: string, nowUs: number): void {
    const at = this.index(name);
    if (!(this.#teams[at] as Team).setCurrent(this.#member(at, member))) throw notServing(member, name);
    this.#publish(nowUs, 'set by the operator');
  }

  /** Why a NIC that is up carries no frames of a team, in words. */
  whyWaiting(team: number, member: string): string {
    const nic = this.#arena.nics.names.indexOf(member);
    return (this.#teams[this.#servingOf(team).by] as Team).whyWaiting(nic, this.#nowUs);
  }

  /** How a team is now. */
  status(name: string): TeamStatus {
    const at = this.index(name);
    const plan = this.#plans[at] as TeamPlan;
    const { serving, by } = this.#servingOf(at);
    const { vms } = this.#arena;
    return {
      name,
      active: this.book.named(plan.active),
      standby: this.book.named(plan.standby),
      unused: this.book.named(plan.unused),
      serving: this.book.named(serving),
      current: this.book.named(serving)[0],
      waiting: this.book.named((this.#teams[at] as Team).waiting),
      primary: plan.primary === undefined ? undefined : this.#arena.nics.names[plan.primary],
      servedBy: by === at ? undefined : this.names[by],
      vms: vms.names.filter((_, vm) => vms.team[vm] === at),
    };
  }

  /** How every team is now. */
  list(): TeamStatus[] {
    return this.names.map((name) => this.status(name));
  }
}
