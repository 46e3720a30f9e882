import { quantity } from '@fairlead/sdk';
import type { Command } from 'commander';
import { clearShadow, reportShadows, setShadow } from '../commands/shadow.ts';
import { type ControlOptions, status } from '../commands/status.ts';
import { swap } from '../commands/swap.ts';
import type { Output } from '../output.ts';
import { addActionCommands } from './action-program.ts';
import { addClusterCommands } from './cluster-program.ts';
import { CONTROL, JSON_FLAG } from './flags.ts';
import { addTeamCommands } from './team-program.ts';

interface PolicyFlags extends ControlOptions {
  readonly options?: string;
}

interface SwapCommandFlags extends PolicyFlags {
  readonly probation?: number;
  readonly reload?: boolean;
}

const SECTION = ['<section>', 'admission or distribution'] as const;
const PLUGIN = ['<plugin>', 'name of a bundled plugin or of a package, or path of a module'] as const;
const OPTIONS = ['--options <json>', "the plugin's options, as a JSON object"] as const;

/** Adds the commands that speak to a running host. */
export function addControlCommands(program: Command, output: Output, done: (code: number) => void): void {
  program
    .command('status')
    .description('say how a running host is')
    .option(...CONTROL)
    .option(...JSON_FLAG)
    .action(async (flags: ControlOptions) => done(await status(flags, output)));

  addTeamCommands(program, output, done);
  addActionCommands(program, output, done);
  addClusterCommands(program, output, done);

  program
    .command('swap')
    .description('put another policy into a place of a running host; no frame is lost')
    .argument(...SECTION)
    .argument(...PLUGIN)
    .option(...OPTIONS)
    .option('--probation <time>', 'how long its predecessor returns when it fails (default: 10s)', probation)
    .option('--reload', "load the plugin's module afresh, as when its file was changed")
    .option(...CONTROL)
    .option(...JSON_FLAG)
    .action(async (section: string, plugin: string, flags: SwapCommandFlags) => {
      const { options, probation: probationMs, ...rest } = flags;
      const policy = { section, plugin, ...(options === undefined ? {} : { options }) };
      done(await swap(policy, { ...rest, ...(probationMs === undefined ? {} : { probationMs }) }, output));
    });

  const shadow = program
    .command('shadow')
    .description('have another policy asked beside one that decides, and compare what they say');
  shadow
    .command('set')
    .description('set a shadow in a running host')
    .argument(...SECTION)
    .argument(...PLUGIN)
    .option(...OPTIONS)
    .option(...CONTROL)
    .option(...JSON_FLAG)
    .action(async (section: string, plugin: string, { options, ...flags }: PolicyFlags) => {
      const policy = { section, plugin, ...(options === undefined ? {} : { options }) };
      done(await setShadow(policy, flags, output));
    });
  shadow
    .command('clear')
    .description('take a shadow away')
    .argument(...SECTION)
    .option(...CONTROL)
    .option(...JSON_FLAG)
    .action(async (section: string, flags: ControlOptions) => done(await clearShadow(section, flags, output)));
  shadow
    .command('report')
    .description('say what the shadows would have done')
    .argument('[file]', 'a report that run --shadow-report has written; of the running host when left out')
    .option(...CONTROL)
    .option(...JSON_FLAG)
    .action(async (file: string | undefined, flags: ControlOptions) => done(await reportShadows(file, flags, output)));
}

/** @throws FairleadError `FAIRLEAD_ERR_UNIT` when it is not a time. */
function probation(text: string): number {
  return quantity(text, 'ms', '--probation');
}
