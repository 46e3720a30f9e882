import type { TeamEdit } from '@fairlead/core';
import { FairleadError, quantity } from '@fairlead/sdk';
import { type Command, Option } from 'commander';
import { showNics, showVms } from '../commands/inspect.ts';
import type { ControlOptions } from '../commands/status.ts';
import { editTeam, listMoves, listTeams, migrateVm, setActive, showTeam } from '../commands/team.ts';
import type { Output } from '../output.ts';
import { CONTROL, JSON_FLAG } from './flags.ts';

interface EditFlags extends ControlOptions {
  readonly active?: string[];
  readonly standby?: string[];
  readonly primary?: string;
  readonly reselect?: NonNullable<TeamEdit['reselect']>;
  readonly minLinks?: number;
  readonly failback?: boolean;
  readonly holdDown?: number;
}

/** Adds the commands that show and change the teams, NICs and VMs of a running host. */
export function addTeamCommands(program: Command, output: Output, done: (code: number) => void): void {
  const team = program.command('team').description('show and change the teams of NICs of a running host');
  const speaks = (command: Command): Command => command.option(...CONTROL).option(...JSON_FLAG);
  speaks(team.command('list').description('say which NICs serve each team')).action(async (flags: ControlOptions) =>
    done(await listTeams(flags, output)),
  );
  speaks(team.command('show').description('say all about a team').argument('<team>')).action(
    async (name: string, flags: ControlOptions) => done(await showTeam(name, flags, output)),
  );
  speaks(team.command('moves').description('list what has moved, and why').argument('[team]')).action(
    async (name: string | undefined, flags: ControlOptions) => done(await listMoves(name, flags, output)),
  );
  speaks(
    team
      .command('set-active')
      .description('put a member first that serves, until those that serve change')
      .argument('<team>')
      .argument('<nic>'),
  ).action(async (name: string, nic: string, flags: ControlOptions) => done(await setActive(name, nic, flags, output)));
  speaks(
    team
      .command('migrate')
      .description("put a VM's frames on one member, until that stops serving")
      .argument('<team>')
      .argument('<vm>')
      .argument('[nic]')
      .option('--release', 'let load distribution choose again'),
  ).action(async (name: string, vm: string, nic: string | undefined, flags: ControlOptions & { release?: boolean }) => {
    if ((nic === undefined) !== (flags.release === true)) throw oneOfBoth();
    done(await migrateVm({ team: name, vm, ...(nic === undefined ? {} : { nic }) }, flags, output));
  });
  addEdit(team, speaks, output, done);

  const nic = program.command('nic').description('say how the NICs of a running host are');
  speaks(nic.command('show').description('all NICs, or all about one').argument('[nic]')).action(
    async (name: string | undefined, flags: ControlOptions) => done(await showNics(name, flags, output)),
  );
  const vm = program.command('vm').description('say how the VMs of a running host are');
  speaks(vm.command('show').description('all VMs, or all about one').argument('[vm]')).action(
    async (name: string | undefined, flags: ControlOptions) => done(await showVms(name, flags, output)),
  );
}

function addEdit(
  team: Command,
  speaks: (command: Command) => Command,
  output: Output,
  done: (code: number) => void,
): void {
  speaks(
    team
      .command('edit')
      .description('change members, order and rules of a team; no frame is lost')
      .argument('<team>')
      .option('--active <nics>', 'members that serve together, in failover order, as a,b', names)
      .option('--standby <nics>', 'members that stand in for them, as c,d; members named nowhere become unused', names)
      .option('--primary <nic>', 'the member that is preferred; none: no member')
      .addOption(
        new Option('--reselect <when>', 'when a member that returned is first again').choices([
          'always',
          'better',
          'failure',
        ]),
      )
      .option('--min-links <count>', 'members without which the team is down', count)
      .option('--failback', 'a member that returned takes its place again')
      .option('--no-failback', 'a member that returned waits until another fails')
      .option('--hold-down <time>', 'how long a member that returned must stay up before it serves', holdDown),
  ).action(async (name: string, flags: EditFlags) => {
    const { control, json, primary, holdDown: holdDownMs, ...rest } = flags;
    const edit: TeamEdit = {
      ...rest,
      ...(primary === undefined ? {} : { primary: primary === 'none' ? null : primary }),
      ...(holdDownMs === undefined ? {} : { holdDownMs }),
    };
    const where = { ...(control === undefined ? {} : { control }), ...(json === undefined ? {} : { json }) };
    done(await editTeam(name, edit, where, output));
  });
}

const names = (text: string): string[] => text.split(',').filter((name) => name !== '');

/** @throws FairleadError `FAIRLEAD_ERR_UNIT` when it is not a time. */
function holdDown(text: string): number {
  return quantity(text, 'ms', '--hold-down');
}

/** @throws FairleadError `FAIRLEAD_ERR_CONFIG_INVALID` when it is not a count. */
function count(text: string): number {
  if (/^\d{1,2}$/.test(text)) return Number(text);
  throw new FairleadError('FAIRLEAD_ERR_CONFIG_INVALID', `"${text}" is not a count`, {
    where: '--min-links',
    mend: 'write a whole number',
  });
}

function oneOfBoth(): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_CONTROL_REQUEST', 'a NIC or --release is needed, not both', {
    where: 'team migrate',
    mend: 'write fairlead team migrate <team> <vm> <nic>, or fairlead team migrate <team> <vm> --release',
  });
}
