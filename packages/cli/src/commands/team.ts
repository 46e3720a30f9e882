import type { TeamEdit, TeamMove, TeamStatus } from '@fairlead/core';
import { ask } from '../control/client.ts';
import type { Output } from '../output.ts';
import { moveLines, teamLines, teamTable } from '../view/teams.ts';
import type { ControlOptions } from './status.ts';

/** `fairlead team list`: the teams of a running host. */
export async function listTeams({ control, json }: ControlOptions, output: Output): Promise<number> {
  const teams = await ask<TeamStatus[]>(control, 'team.list');
  if (json) output.print(JSON.stringify({ version: 1, teams }));
  else for (const line of teamTable(teams)) output.print(line);
  return 0;
}

/** `fairlead team show`: one of them. */
export async function showTeam(team: string, flags: ControlOptions, output: Output): Promise<number> {
  return tellTeam(await ask<TeamStatus>(flags.control, 'team.show', { team }), flags, output);
}

/** `fairlead team set-active`: puts a member first that serves. */
export async function setActive(team: string, nic: string, flags: ControlOptions, output: Output): Promise<number> {
  return tellTeam(await ask<TeamStatus>(flags.control, 'team.set-active', { team, nic }), flags, output);
}

/** `fairlead team edit`: changes members, order and rules under load. */
export async function editTeam(team: string, edit: TeamEdit, flags: ControlOptions, output: Output): Promise<number> {
  return tellTeam(await ask<TeamStatus>(flags.control, 'team.edit', { team, ...edit }), flags, output);
}

/** `fairlead team migrate`: puts a VM's frames on one member; without a NIC, on none in particular any more. */
export async function migrateVm(
  { team, vm, nic }: { readonly team: string; readonly vm: string; readonly nic?: string },
  { control, json }: ControlOptions,
  output: Output,
): Promise<number> {
  const told = await ask<{ nic: string | null }>(control, 'team.migrate', {
    team,
    vm,
    ...(nic === undefined ? {} : { nic }),
  });
  if (json) output.print(JSON.stringify({ version: 1, ...told }));
  else if (told.nic === null) output.print(`VM ${vm}: load distribution chooses its NIC`);
  else output.print(`VM ${vm} goes over ${told.nic} until that stops serving, or fairlead team migrate --release`);
  return 0;
}

/** `fairlead team moves`: what has moved, and why. */
export async function listMoves(
  team: string | undefined,
  { control, json }: ControlOptions,
  output: Output,
): Promise<number> {
  const moves = await ask<TeamMove[]>(control, 'team.moves', team === undefined ? {} : { team });
  if (json) output.print(JSON.stringify({ version: 1, moves }));
  else for (const line of moveLines(moves)) output.print(line);
  return 0;
}

function tellTeam(team: TeamStatus, { json }: ControlOptions, output: Output): number {
  if (json) output.print(JSON.stringify({ version: 1, team }));
  else for (const line of teamLines(team)) output.print(line);
  return 0;
}
