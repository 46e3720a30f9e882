import type { Command } from 'commander';
import { status } from '../commands/status.ts';
import type { Output } from '../output.ts';

/** Said of every command that speaks to a running host. */
const CONTROL = [
  '--control <path>',
  'control socket of the host; needed when several are running, or it was started with --control',
] as const;

interface StatusFlags {
  readonly control?: string;
  readonly json?: boolean;
}

/** Adds the commands that speak to a running host. */
export function addControlCommands(program: Command, output: Output, done: (code: number) => void): void {
  program
    .command('status')
    .description('say how a running host is')
    .option(...CONTROL)
    .option('--json', 'print one JSON object')
    .action(async (flags: StatusFlags) => done(await status(flags, output)));
}
