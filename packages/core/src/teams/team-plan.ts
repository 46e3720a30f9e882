import { NicRole, type NicTable } from '@fairlead/sdk';
import type { HostConfig } from '../config.ts';
import { closest } from '../plugins/schema-values.ts';
import type { TeamPlan } from './team-rules.ts';

type TeamConfig = NonNullable<HostConfig['teams']>[number];

/** Name of the team of all NICs on a host that configures none. */
const ONLY_TEAM = 'team';

/** The teams of a host; one of all NICs, by their roles, when it configures none. */
export function teamPlans(config: HostConfig): TeamPlan[] {
  const nic = (name: string): number => config.nics.findIndex((one) => one.name === name);
  const priority = new Map(config.nics.map((one, i) => [i, one.priority]));
  const { teams } = config;
  if (teams === undefined) {
    const having = (role: string) => [...config.nics.keys()].filter((i) => config.nics[i]?.role === role);
    return [
      {
        name: ONLY_TEAM,
        active: having('active'),
        standby: having('standby'),
        unused: having('unused'),
        minLinks: 1,
        failback: true,
        holdDownUs: 0,
        primary: undefined,
        reselect: 'always',
        priority,
        failover: undefined,
        receivesFromAll: false,
      },
    ];
  }
  return teams.map((team) => ({
    name: team.name,
    active: team.active.map(nic),
    standby: team.standby.map(nic),
    unused: team.unused.map(nic),
    minLinks: team.minLinks,
    failback: team.failback,
    holdDownUs: team.holdDownMs * 1000,
    primary: team.primary === undefined ? undefined : nic(team.primary),
    reselect: team.reselect,
    priority,
    failover: team.failover === undefined ? undefined : teams.findIndex((one) => one.name === team.failover),
    receivesFromAll: team.receive === 'all-members',
  }));
}

/** Writes each NIC's role in its team to its row. */
export function writeRoles({ role }: NicTable, plans: readonly TeamPlan[]): void {
  role.fill(NicRole.Unused);
  for (const { active, standby } of plans) {
    for (const nic of standby) role[nic] = NicRole.Standby;
    for (const nic of active) role[nic] = NicRole.Active;
  }
}

/** Which team carries a VM's frames: the one it names, else the first. */
export function teamOf(config: HostConfig, vm: number): number {
  const name = config.vms[vm]?.team;
  return name === undefined ? 0 : Math.max(0, config.teams?.findIndex((team) => team.name === name) ?? 0);
}

/** Says what is wrong with the names in teams, each by its path and with a mend. */
export function checkTeams(config: HostConfig, invalid: (path: string, what: string, mend: string) => void): void {
  const teams = config.teams ?? [];
  const teamNames = teams.map((team) => team.name);
  const unknown = (path: string, thing: string, name: string, known: readonly string[]): void => {
    const near = closest(name, known);
    invalid(path, `there is no ${thing} "${name}"`, near === undefined ? `declare it` : `did you mean "${near}"?`);
  };
  const homes = new Map<string, string>();
  for (const [i, team] of teams.entries()) {
    checkMembers(config, team, `teams[${i}]`, homes, invalid, unknown);
    if (team.failover === undefined) continue;
    if (!teamNames.includes(team.failover)) unknown(`teams[${i}].failover`, 'team', team.failover, teamNames);
    else if (leadsBack(teams, team)) {
      invalid(`teams[${i}].failover`, `team "${team.name}" fails over to itself in the end`, 'leave one failover out');
    }
  }
  for (const [i, vm] of config.vms.entries()) {
    if (vm.team !== undefined && !teamNames.includes(vm.team)) unknown(`vms[${i}].team`, 'team', vm.team, teamNames);
  }
  if (config.teams === undefined) return;
  for (const [i, nic] of config.nics.entries()) {
    if (nic.role === 'active') continue;
    invalid(`nics[${i}].role`, `NIC "${nic.name}" has a role of its own beside teams`, 'name it in its team instead');
  }
}

function checkMembers(
  config: HostConfig,
  team: TeamConfig,
  path: string,
  homes: Map<string, string>,
  invalid: (path: string, what: string, mend: string) => void,
  unknown: (path: string, thing: string, name: string, known: readonly string[]) => void,
): void {
  const nicNames = config.nics.map((nic) => nic.name);
  for (const list of ['active', 'standby', 'unused'] as const) {
    for (const [k, name] of team[list].entries()) {
      const place = `${path}.${list}[${k}]`;
      const home = homes.get(name);
      if (!nicNames.includes(name)) unknown(place, 'NIC', name, nicNames);
      else if (home !== undefined) invalid(place, `NIC "${name}" is a member already, at ${home}`, 'name it once');
      homes.set(name, home ?? place);
    }
  }
  if (team.active.length === 0) invalid(`${path}.active`, `team "${team.name}" has no active NIC`, 'name one');
  if (team.minLinks > Math.max(1, team.active.length)) {
    const most = team.active.length;
    invalid(`${path}.minLinks`, `at most ${most} NICs of team "${team.name}" serve at once`, `use ${most} or less`);
  }
  if (team.primary !== undefined && ![...team.active, ...team.standby].includes(team.primary)) {
    unknown(`${path}.primary`, `active or standby member`, team.primary, [...team.active, ...team.standby]);
  }
}

function leadsBack(teams: readonly TeamConfig[], from: TeamConfig): boolean {
  let at = from;
  for (let hops = 0; hops < teams.length; hops++) {
    const next = teams.find((team) => team.name === at.failover);
    if (next === undefined) return false;
    if (next === from) return true;
    at = next;
  }
  return false;
}
