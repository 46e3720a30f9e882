import { FairleadError, quantity } from '@fairlead/sdk';
import { Command, Option } from 'commander';
import { check } from './commands/check.ts';
import { demo } from './commands/demo.ts';
import { replayCommand } from './commands/replay.ts';
import { run } from './commands/run.ts';
import { schema } from './commands/schema.ts';
import { simulateCommand } from './commands/simulate.ts';
import { addControlCommands } from './control/program.ts';
import type { Output } from './output.ts';
import { addPluginCommands } from './plugins/program.ts';
import { addTraceCommand } from './trace/program.ts';
import { ownManifest } from './version.ts';
import { progressOn } from './view/progress.ts';
import type { TerminalStreams } from './view/terminal.ts';

interface LiveFlags {
  readonly for?: number;
  readonly json?: boolean;
  /** A path, or false for `--no-control`; true is what commander says when neither was given. */
  readonly control?: string | boolean;
  readonly shadowReport?: string;
}

interface ReplayCommandFlags {
  readonly config: string;
  readonly out?: string;
  readonly nicSpeed?: number;
  readonly assign?: boolean;
  readonly speedUp: 'yes' | 'no';
  readonly json?: boolean;
}

interface SimulateCommandFlags {
  readonly threads?: number;
  readonly compare?: boolean;
  readonly json?: string;
  readonly report?: string;
  readonly decisions?: string;
  readonly shadowReport?: string;
  readonly seed?: number;
  readonly for?: number;
}

/** Exit code of a command line that does not fit any command. */
const WRONG_USE = 2;

/** The command line was answered, with help or with what is wrong about it; nothing is left but to end. */
export class WrongUse extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super('answered');
    this.exitCode = exitCode;
  }
}

/** The command line. `done` is told the exit code of the command that ran. */
export function createProgram(
  output: Output,
  terminal: TerminalStreams | undefined,
  done: (code: number) => void,
): Command {
  const program = new Command('fairlead')
    .description('A policy framework for the NICs of a host that runs virtual machines.')
    .version(ownManifest().version, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .option('--debug', 'show the stack trace of an error')
    .configureHelp({ sortSubcommands: false })
    .showHelpAfterError('(fairlead --help shows what there is)')
    .exitOverride(({ exitCode }) => {
      throw new WrongUse(exitCode === 0 ? 0 : WRONG_USE);
    });

  const live = ({ for: forMs, json = false, control = true, shadowReport }: LiveFlags) => ({
    ...(shadowReport === undefined ? {} : { shadowReport }),
    ...(forMs === undefined ? {} : { forMs }),
    ...(control === true ? {} : { control }),
    json,
    ...(terminal === undefined ? {} : { terminal }),
  });

  program
    .command('demo')
    .description('run four simulated guests over a team of three simulated NICs')
    .option('--for <time>', 'end by itself after a time, as 10s', duration)
    .option('--json', 'print lines of JSON')
    .option('--control <path>', 'where the control socket is to be (default: a path of its own, which is printed)')
    .option('--no-control', 'without a control socket')
    .option('--shadow-report <file>', 'where to write what the shadow policies would have done, at the end')
    .action(async (flags: LiveFlags) => done(await demo(live(flags), output)));

  program
    .command('check')
    .description('say everything that is wrong with a configuration; opens and changes nothing')
    .argument('<file>', 'configuration, as host.yaml')
    .option('--json', 'print one JSON object')
    .action(async (file: string, flags: { json?: boolean }) => done(await check(file, flags, output)));

  program
    .command('run')
    .description('run a host until Ctrl-C')
    .argument('<file>', 'configuration, as host.yaml')
    .option('--for <time>', 'end by itself after a time, as 10s', duration)
    .option('--json', 'print lines of JSON')
    .option('--control <path>', 'where the control socket is to be (default: a path of its own, which is printed)')
    .option('--no-control', 'without a control socket')
    .option('--shadow-report <file>', 'where to write what the shadow policies would have done, at the end')
    .action(async (file: string, flags: LiveFlags) => done(await run(file, live(flags), output)));

  addControlCommands(program, output, done);
  addTraceCommand(program, output, done);

  program
    .command('replay')
    .description('run a capture through the policies of a configuration, open-loop on the virtual clock')
    .argument('<capture>', 'pcap or pcapng file; each frame is sent by the VM that has its source MAC')
    .requiredOption('-c, --config <file>', 'configuration, as host.yaml')
    .option('-o, --out <folder>', 'where the outputs go (default: name of the capture, with .replay)')
    .option('--nic-speed <rate>', 'speed of NICs whose driver names none (default: 1Gbps)', rate)
    .option('--assign', 'give frames of unknown source to the VMs in turn, under their MACs')
    .addOption(
      new Option('--speed-up <yes|no>', 'no: not faster than the capture was').choices(['yes', 'no']).default('yes'),
    )
    .option('--json', 'print one JSON object')
    .action(async (capture: string, flags: ReplayCommandFlags) => {
      const { nicSpeed, speedUp, ...rest } = flags;
      const speed = nicSpeed === undefined ? {} : { nicSpeedBps: nicSpeed };
      const progress = flags.json ? undefined : progressOn(process.stderr);
      const shown = progress === undefined ? {} : { progress };
      done(await replayCommand(capture, { ...rest, ...speed, ...shown, realTime: speedUp === 'no' }, output));
    });

  program
    .command('simulate')
    .description('run a scenario on the virtual clock: senders that react, NICs of given speed, delay and loss')
    .argument('<scenario...>', 'scenario, as scenario.yaml; several are put side by side')
    .option('--compare', 'put the scenarios side by side; needs two at least')
    .option('--json <file>', 'write the outcome as JSON; - prints it in place of the summary')
    .option('--report <file>', 'write a report: one HTML page that needs no network')
    .option('--decisions <file>', 'write the decision log')
    .option('--shadow-report <file>', 'write down what shadow policies would have done')
    .option('--seed <number>', "another seed than the scenario's", seed)
    .option('--for <time>', 'simulate only the beginning, as 2s', duration)
    .option('--threads <number>', 'of several hosts: threads that share the work (default: 1)', threads)
    .action(async (files: string[], { for: forMs, ...flags }: SimulateCommandFlags) => {
      if (flags.compare && files.length < 2)
        program.error('error: --compare needs two scenarios', { exitCode: WRONG_USE });
      const shown = flags.json === '-' ? undefined : progressOn(process.stderr);
      const progress = shown === undefined ? {} : { progress: shown };
      const forUs = forMs === undefined ? {} : { forUs: forMs * 1000 };
      done(await simulateCommand(files, { ...flags, ...forUs, ...progress }, output));
    });

  program
    .command('schema')
    .description('print the JSON Schema of a configuration, for editors')
    .option('--scenario', 'that of a scenario')
    .action(async (flags: { scenario?: boolean }) => done(await schema(flags, output)));

  addPluginCommands(program, output, done);
  return program;
}

/** @throws FairleadError `FAIRLEAD_ERR_UNIT` when it is not a number of threads. */
function threads(text: string): number {
  if (/^[1-9]\d?$/.test(text)) return Number(text);
  throw new FairleadError('FAIRLEAD_ERR_UNIT', `"${text}" is not a number of threads`, {
    where: '--threads',
    mend: 'write a whole number from 1 to 99',
  });
}

/** @throws FairleadError `FAIRLEAD_ERR_UNIT` when it is not a time. */
function duration(text: string): number {
  return quantity(text, 'ms', '--for');
}

/** @throws FairleadError `FAIRLEAD_ERR_UNIT` when it is not a rate. */
function rate(text: string): number {
  return quantity(text, 'bps', '--nic-speed');
}

/** @throws FairleadError `FAIRLEAD_ERR_CONFIG_INVALID` when it is not a seed. */
function seed(text: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) <= 0xffff_ffff) return Number(text);
  throw new FairleadError('FAIRLEAD_ERR_CONFIG_INVALID', `"${text}" is not a seed`, {
    where: '--seed',
    mend: 'write a whole number from 0 to 4294967295',
  });
}
