import { parseArgs } from 'node:util';
import { isFairleadError } from '@fairlead/sdk';
import { newPlugin } from './new-plugin.ts';
import { KINDS } from './request.ts';

const USAGE = `npm create @fairlead/plugin -- [--kind KIND] [--name NAME] [--language ts|js] [--folder FOLDER] [--yes]

Writes the package of a Fairlead plugin. On a terminal, asks for what is not said; with --yes it takes ts and ./NAME.
Kinds: ${KINDS.join(', ')}`;

/** Exit code of a command line that does not fit. */
const WRONG_USE = 2;

function readFlags() {
  try {
    const { values } = parseArgs({
      options: {
        kind: { type: 'string' },
        name: { type: 'string' },
        language: { type: 'string' },
        folder: { type: 'string' },
        yes: { type: 'boolean', short: 'y' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    return values;
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return undefined;
  }
}

const flags = readFlags();
if (flags === undefined) process.exitCode = WRONG_USE;
else if (flags.help === true) console.log(USAGE);
else {
  const { yes = false, help: _, ...written } = flags;
  const { stdin, stdout } = process;
  const terminal = !yes && stdin.isTTY && stdout.isTTY ? { input: stdin, output: stdout } : undefined;
  try {
    await newPlugin(written, terminal, { print: (line) => console.log(line) });
  } catch (error) {
    if (isFairleadError(error)) {
      console.error(`error: ${error.what}`);
      if (error.where !== undefined) console.error(`  at ${error.where}`);
      if (error.mend !== undefined) console.error(`  mend: ${error.mend}`);
      console.error(`  [${error.code}]`);
    } else {
      console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    }
    process.exitCode = 1;
  }
}
