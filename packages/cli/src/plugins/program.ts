import { newPlugin, type UpdateFlags, updatePlugin, type WrittenRequest } from '@fairlead/create-plugin';
import { type Command, InvalidArgumentError } from 'commander';
import { faultLines } from '../config/fault.ts';
import { faultFrom } from '../fault-from.ts';
import type { Output } from '../output.ts';
import { doctor } from './doctor.ts';
import { list } from './list.ts';
import { show } from './show.ts';
import { type TestFlags, test } from './test.ts';

interface NewFlags extends WrittenRequest {
  readonly yes?: boolean;
}

/** Adds `fairlead plugin …`, the commands for who writes or chooses a plugin. */
export function addPluginCommands(program: Command, output: Output, done: (code: number) => void): void {
  const plugin = program.command('plugin').description('make, find, try and examine plugins');

  plugin
    .command('new')
    .description('write the package of a new plugin, as npm create @fairlead/plugin does')
    .option('--kind <kind>', 'extension point, as load-distribution; asked for when left out')
    .option('--name <name>', 'name in kebab case, as express-lane')
    .option('--language <ts|js>', 'TypeScript (default) or plain JavaScript')
    .option('--folder <folder>', 'where it goes (default: ./<name>)')
    .option('-y, --yes', 'ask nothing: take the defaults')
    .action(async ({ yes = false, ...written }: NewFlags) => {
      const { stdin, stdout } = process;
      const terminal = !yes && stdin.isTTY && stdout.isTTY ? { input: stdin, output: stdout } : undefined;
      done(await answered(() => newPlugin(written, terminal, output).then(() => 0), output));
    });

  plugin
    .command('update')
    .description('bring a package that an older scaffold made, or a hand, to the present one')
    .argument('[folder]', 'folder of the package', '.')
    .option('--dry-run', 'say what would change, and change nothing')
    .option('--sources', 'change sources as well; otherwise they are left as they are')
    .action(async (folder: string, flags: UpdateFlags) =>
      done(await answered(async () => (updatePlugin(folder, flags, output), 0), output)),
    );

  plugin
    .command('list')
    .description('list the plugins that a host file in this folder could use')
    .option('--folder <folder>', 'look from here', '.')
    .option('--json', 'print one JSON object')
    .action(({ folder, ...flags }: FolderFlags) => done(list(folder, flags, output)));

  plugin
    .command('show')
    .description('say what a plugin is, where it runs, and its options')
    .argument('<name>', 'name, package, or path of a module or a package')
    .option('--folder <folder>', 'look from here', '.')
    .option('--json', 'print one JSON object')
    .action(async (name: string, flags: FolderFlags) => done(await answered(() => show(name, flags, output), output)));

  plugin
    .command('test')
    .description('try the laws of its kind on a plugin')
    .argument('<name...>', 'name, package, or path of a module or a package')
    .option('--seed <number>', 'where the draws begin', wholeNumber, 1)
    .option('--rounds <number>', 'scenarios for each law (default: as many as each wants)', wholeNumber)
    .option('--folder <folder>', 'look from here', '.')
    .option('--json', 'print one JSON object for each plugin')
    .action(async (names: string[], flags: TestFlags) =>
      done(await answered(() => test(names, flags, output), output)),
    );

  plugin
    .command('doctor')
    .description('find what is wrong between plugins, the sdk, this host and a host file')
    .argument('[file]', 'configuration, as host.yaml')
    .option('--json', 'print one JSON object')
    .action(async (file: string | undefined, flags: { json?: boolean }) =>
      done(await answered(() => doctor(file, flags, output), output)),
    );
}

interface FolderFlags {
  readonly folder: string;
  readonly json?: boolean;
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new InvalidArgumentError('write a whole number');
}

/** The exit code of a command; 1 when it ends with one error, which is told. */
async function answered(work: () => Promise<number>, output: Output): Promise<number> {
  try {
    return await work();
  } catch (error) {
    for (const line of faultLines(faultFrom(error))) output.tell(line);
    return 1;
  }
}
