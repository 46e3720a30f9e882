import { inspect } from 'node:util';
import { isFairleadError } from '@fairlead/sdk';
import { faultLines } from './config/fault.ts';
import { faultFrom } from './fault-from.ts';
import { processOutput } from './output.ts';
import { createProgram, WrongUse } from './program.ts';
import { Terminal } from './view/terminal.ts';

/** A reader that has gone is no fault: `fairlead run … | head` ends quietly. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

const debug = process.argv.includes('--debug');
const { stdout, stdin, env } = process;
const live = stdout.isTTY && env['TERM'] !== 'dumb';
const terminal = live ? { output: stdout, input: stdin, plain: (env['NO_COLOR'] ?? '') !== '' } : undefined;

function giveUp(error: unknown): void {
  Terminal.leaveAny();
  const lines = isFairleadError(error) ? faultLines(faultFrom(error)) : internalLines(error);
  for (const line of lines) processOutput.tell(line);
  if (debug) processOutput.tell(inspect(error));
  process.exitCode = 1;
}

/** An error without a code is one that nobody foresaw. */
function internalLines(error: unknown): string[] {
  const what = error instanceof Error ? error.message : String(error);
  return [`error: ${what}`, '  mend: this is a fault of fairlead: please report it, with what --debug shows'];
}

process.on('uncaughtException', (error) => {
  giveUp(error);
  process.exit(1);
});

try {
  const program = createProgram(processOutput, terminal, (code) => {
    process.exitCode = code;
  });
  await program.parseAsync(process.argv);
} catch (error) {
  if (error instanceof WrongUse) process.exitCode = error.exitCode;
  else giveUp(error);
}
