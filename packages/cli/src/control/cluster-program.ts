import type { Command } from 'commander';
import { listHosts, listMigrations, migrateVmToHost } from '../commands/cluster.ts';
import type { ControlOptions } from '../commands/status.ts';
import type { Output } from '../output.ts';
import { CONTROL, JSON_FLAG } from './flags.ts';

interface MigrateFlags extends ControlOptions {
  readonly to?: string;
  readonly cause?: string;
}

/** Adds the commands that speak of the hosts beside a running one; `vm` is the command that has those about VMs. */
export function addClusterCommands(program: Command, output: Output, done: (code: number) => void): void {
  const speaks = (command: Command): Command => command.option(...CONTROL).option(...JSON_FLAG);
  speaks(program.command('hosts').description('say which hosts there are, with what room')).action(
    async (flags: ControlOptions) => done(await listHosts(flags, output)),
  );
  speaks(program.command('migrations').description('list the VMs that went to other hosts, and came from them')).action(
    async (flags: ControlOptions) => done(await listMigrations(flags, output)),
  );
  const vm = program.commands.find((command) => command.name() === 'vm') ?? program.command('vm');
  speaks(
    vm
      .command('migrate')
      .description('move a VM to another host: to the one that suits best, or to one by name')
      .argument('<vm>')
      .option('--to <host>', 'name of the host')
      .option('--cause <text>', 'what for; for the record'),
  ).action(async (name: string, { to, cause, ...flags }: MigrateFlags) => {
    const args = { vm: name, ...(to === undefined ? {} : { to }), ...(cause === undefined ? {} : { cause }) };
    done(await migrateVmToHost(args, flags, output));
  });
}
