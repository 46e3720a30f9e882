import type { Host, TeamEdit } from '@fairlead/core';
import { FairleadError, Milliseconds, Type } from '@fairlead/sdk';
import { controlCommand } from '../command.ts';

const closed = { additionalProperties: false } as const;
const name = (of: string) => Type.String({ minLength: 1, description: `name of a ${of}` });
const team = name('team');
const nics = Type.Array(name('NIC'), { description: 'names of NICs, in failover order' });

export const teamCommands = [
  controlCommand({ name: 'team.list', args: Type.Object({}, closed), run: ({ host }) => host.teams.list() }),
  controlCommand({
    name: 'team.show',
    args: Type.Object({ team }, closed),
    run: ({ host }, { team }) => host.teams.status(team),
  }),
  controlCommand({
    name: 'team.moves',
    args: Type.Object({ team: Type.Optional(team) }, closed),
    run: ({ host }, { team }) => {
      if (team !== undefined) host.teams.index(team);
      return host.teams.moves.filter((move) => team === undefined || move.team === team);
    },
  }),
  controlCommand({
    name: 'team.set-active',
    args: Type.Object({ team, nic: name('NIC') }, closed),
    run: ({ host }, { team, nic }) => {
      host.teams.setActive(team, nic, host.nowUs);
      return host.teams.status(team);
    },
  }),
  controlCommand({
    name: 'team.migrate',
    args: Type.Object({ team, vm: name('VM'), nic: Type.Optional(name('NIC')) }, closed),
    run: ({ host }, { team, vm, nic }) => {
      demandVmOf(host, team, vm);
      host.teams.pin(vm, nic, host.nowUs);
      return { team, vm, nic: host.teams.pinOf(vm) ?? null };
    },
  }),
  controlCommand({
    name: 'team.edit',
    args: Type.Object(
      {
        team,
        active: Type.Optional(nics),
        standby: Type.Optional(nics),
        primary: Type.Optional(Type.Union([name('NIC'), Type.Null()])),
        reselect: Type.Optional(
          Type.Union([Type.Literal('always'), Type.Literal('better'), Type.Literal('failure')], {
            description: 'when a NIC that has returned is first again',
          }),
        ),
        minLinks: Type.Optional(Type.Integer({ minimum: 0, description: 'links without which the team is down' })),
        failback: Type.Optional(Type.Boolean({ description: 'whether a NIC that has returned serves again' })),
        holdDownMs: Type.Optional(
          Milliseconds({ minimum: 0, maximum: 86_400_000, description: 'how long it must stay up before it does' }),
        ),
      },
      closed,
    ),
    run: ({ host }, { team, ...edit }) => {
      host.teams.edit(team, edit as TeamEdit, host.nowUs);
      return host.teams.status(team);
    },
  }),
];

/** A name that was meant for another team is better refused than understood. */
function demandVmOf(host: Host, team: string, vm: string): void {
  const index = host.vms.index(vm);
  if (host.arena.vms.team[index] === host.teams.index(team)) return;
  throw new FairleadError('FAIRLEAD_ERR_HOST_STATE', `VM "${vm}" is not of team "${team}"`, {
    where: 'team.migrate args.vm',
    mend: `it is of team "${host.teams.names[host.arena.vms.team[index] ?? 0]}"`,
  });
}
