import type { Command } from 'commander';
import { type ActionsFlags, listActions, type UndoFlags, undoActions } from '../commands/actions.ts';
import type { Output } from '../output.ts';
import { CONTROL, JSON_FLAG } from './flags.ts';

/** Adds the commands that show what responders have done, and take it back. */
export function addActionCommands(program: Command, output: Output, done: (code: number) => void): void {
  program
    .command('actions')
    .description('list what responders have done to VMs: why, on what evidence, until when')
    .option('--history', 'also what has ended, or was withheld')
    .option('--vm <name>', 'to this VM alone')
    .option(...CONTROL)
    .option(...JSON_FLAG)
    .action(async (flags: ActionsFlags) => done(await listActions(flags, output)));
  program
    .command('undo')
    .description('take back what a responder has done; its chain leaves the VM alone until the signal is over')
    .argument('[id]', 'number of an action, as fairlead actions lists it')
    .option('--all', 'every action that stands')
    .option('--vm <name>', 'with --all: to this VM alone')
    .option(...CONTROL)
    .option(...JSON_FLAG)
    .action(async (id: string | undefined, flags: UndoFlags) => done(await undoActions(id, flags, output)));
}
