import { FairleadError, quantity } from '@fairlead/sdk';
import type { Command } from 'commander';
import { type TraceFlags, trace, traceFile } from '../commands/trace.ts';
import { CONTROL, JSON_FLAG } from '../control/flags.ts';
import type { Output } from '../output.ts';

interface TraceCommandFlags extends TraceFlags {
  readonly for?: number;
  readonly config?: string;
  readonly vm?: string;
  readonly to?: string;
  readonly from?: string;
  readonly bytes?: number;
  readonly tcp?: string;
  readonly udp?: string;
  readonly down?: string[];
}

/** Adds the command that follows single frames. */
export function addTraceCommand(program: Command, output: Output, done: (code: number) => void): void {
  program
    .command('trace')
    .description('say what every stage decides about single frames, on what state, and what it decides against')
    .argument('[vm]', 'VM of a running host; none with --config')
    .option('--next <count>', 'frames to wait for (default: 1)', count)
    .option('--for <time>', 'how long to wait for them (default: 10s)', duration)
    .option('-c, --config <file>', 'trace a described frame through the policies of a configuration instead')
    .option('--vm <name>', 'VM that sends the described frame')
    .option('--to <mac>', 'its destination', '02:00:00:00:00:01')
    .option('--from <mac>', "its source (default: the VM's address)")
    .option('--bytes <size>', 'its length (default: 1500)', size)
    .option('--tcp <address:port>', 'give it headers of IPv4 and TCP for this destination')
    .option('--udp <address:port>', 'give it headers of IPv4 and UDP for this destination')
    .option('--down <nics>', 'NICs that are disabled, as a,b', (text: string) => text.split(','))
    .option(...CONTROL)
    .option(...JSON_FLAG)
    .action(async (vm: string | undefined, flags: TraceCommandFlags) => {
      const { config, for: forMs, bytes = 1500, to = '', down, vm: sender, from, tcp, udp, ...rest } = flags;
      if (config === undefined) {
        if (vm === undefined) throw missing('a VM of the running host', 'fairlead trace <vm>');
        done(await trace(vm, { ...rest, ...(forMs === undefined ? {} : { forMs }) }, output));
        return;
      }
      const name = sender ?? vm;
      if (name === undefined) throw missing('the VM that sends the frame', '--vm');
      const headers = { ...(tcp === undefined ? {} : { tcp }), ...(udp === undefined ? {} : { udp }) };
      const frame = { vm: name, to, bytes, ...headers, ...(from === undefined ? {} : { from }) };
      done(await traceFile(config, frame, { ...rest, ...(down === undefined ? {} : { down }) }, output));
    });
}

function missing(what: string, how: string): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_CONTROL_REQUEST', `it is not said which VM: ${what} is needed`, {
    where: 'trace',
    mend: `write ${how}`,
  });
}

/** @throws FairleadError `FAIRLEAD_ERR_UNIT` when it is not a time. */
function duration(text: string): number {
  return quantity(text, 'ms', '--for');
}

/** @throws FairleadError `FAIRLEAD_ERR_UNIT` when it is not a size. */
function size(text: string): number {
  const bytes = /^\d+$/.test(text) ? Number(text) : quantity(text, 'bytes', '--bytes');
  if (Number.isInteger(bytes) && bytes >= 1 && bytes <= 65_535) return bytes;
  throw wrongNumber(text, '--bytes', 'write a whole number from 1 to 65535');
}

/** @throws FairleadError `FAIRLEAD_ERR_CONFIG_INVALID` when it is not a count. */
function count(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= 1000) return Number(text);
  throw wrongNumber(text, '--next', 'write a whole number from 1 to 1000');
}

function wrongNumber(text: string, where: string, mend: string): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_CONFIG_INVALID', `"${text}" is not a number that fits`, { where, mend });
}
