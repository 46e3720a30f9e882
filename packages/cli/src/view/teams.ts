import type { TeamMove, TeamStatus } from '@fairlead/core';
import { fit } from './figures.ts';

const list = (names: readonly string[]): string => (names.length === 0 ? '–' : names.join(', '));

/** The teams as a table. */
export function teamTable(teams: readonly TeamStatus[]): string[] {
  const row = (...[name, ...cells]: readonly string[]): string =>
    `${fit(name ?? '', 16)}${cells.map((cell) => fit(cell, 24)).join('')}`.trimEnd();
  return [
    row('team', 'first', 'serving', 'waiting', 'VMs'),
    ...teams.map((team) =>
      row(
        team.name,
        team.current ?? 'none: it is down',
        list(team.serving),
        list(team.waiting),
        String(team.vms.length),
      ),
    ),
  ];
}

/** One team, a line for each thing. */
export function teamLines(team: TeamStatus): string[] {
  const line = (name: string, value: string): string => `  ${fit(name, 10)}${value}`;
  const { current, servedBy } = team;
  const first = current === undefined ? 'none: it is down' : current;
  return [
    `team ${team.name}`,
    line('first', servedBy === undefined ? first : `${first}, of team ${servedBy}, to which it has failed over`),
    line('serving', list(team.serving)),
    line('waiting', list(team.waiting)),
    line('active', list(team.active)),
    line('standby', list(team.standby)),
    line('unused', list(team.unused)),
    line('primary', team.primary ?? '–'),
    line('VMs', list(team.vms)),
  ];
}

function whatMoved({ vm, what }: Pick<TeamMove, 'vm' | 'what'>): string {
  if (what === undefined) return vm ?? 'all';
  return vm === undefined ? what : `${what} of ${vm}`;
}

function whyMoved({ policy, cause, leftOut }: Pick<TeamMove, 'policy' | 'cause' | 'leftOut'>): string {
  const by = policy === undefined ? '' : `${policy}: `;
  return `${by}${cause}${leftOut === undefined ? '' : `; ${leftOut} more moves before were too many to list`}`;
}

/** What has moved, the oldest first. */
export function moveLines(moves: readonly TeamMove[]): string[] {
  if (moves.length === 0) return ['nothing has moved'];
  const row = (...[at, ...cells]: readonly string[]): string =>
    `${fit(at ?? '', 14, 'right')}  ${cells.map((cell, i) => (i === cells.length - 1 ? cell : fit(cell, 20))).join('')}`;
  return [
    row('when', 'team', 'what', 'from', 'to', 'cause'),
    ...moves.map(({ atUs, team, from, to, ...move }) =>
      row(`${(atUs / 1e6).toFixed(6)} s`, team, whatMoved(move), list(from), list(to), whyMoved(move)),
    ),
  ];
}
