import { newPlugin, type WrittenRequest } from '@fairlead/create-plugin';
import type { Command } from 'commander';
import { faultLines } from '../config/fault.ts';
import { faultFrom } from '../fault-from.ts';
import type { Output } from '../output.ts';

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
      done(await answered(() => newPlugin(written, terminal, output), output));
    });
}

/** The exit code of a command that ends well or with one error, which is told. */
async function answered(work: () => Promise<void>, output: Output): Promise<number> {
  try {
    await work();
    return 0;
  } catch (error) {
    for (const line of faultLines(faultFrom(error))) output.tell(line);
    return 1;
  }
}
