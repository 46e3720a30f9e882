import { checkValue, closest } from '@fairlead/core';
import { FairleadError } from '@fairlead/sdk';
import type { ControlCommand, Controlled } from './command.ts';
import { actionCommands } from './commands/actions.ts';
import { clusterCommands } from './commands/cluster.ts';
import { inspectCommands } from './commands/inspect.ts';
import { policyCommands } from './commands/policies.ts';
import { statusCommands } from './commands/status.ts';
import { teamCommands } from './commands/teams.ts';
import { traceCommands } from './commands/trace.ts';
import { type ControlRequest, refused } from './protocol.ts';

/** Every command that a running host answers: a group to a file, its list added here. */
const commands: ReadonlyMap<string, ControlCommand> = new Map(
  [
    ...statusCommands,
    ...actionCommands,
    ...policyCommands,
    ...teamCommands,
    ...inspectCommands,
    ...traceCommands,
    ...clusterCommands,
  ].map((command) => [command.name, command]),
);

/**
 * Does what a request asks of a host.
 * @throws FairleadError `FAIRLEAD_ERR_CONTROL_REQUEST` when there is no such command or its arguments do not fit; and
 * whatever the command throws.
 */
export async function obey(controlled: Controlled, request: ControlRequest): Promise<unknown> {
  const command = commands.get(request.command);
  if (command === undefined) {
    const near = closest(request.command, [...commands.keys()]);
    const mend = near === undefined ? `use one of: ${[...commands.keys()].join(', ')}` : `did you mean "${near}"?`;
    throw refused(`there is no command "${request.command.slice(0, 80)}"`, mend);
  }
  const { value, complaints } = checkValue(command.args, request.args ?? {}, 'FAIRLEAD_ERR_CONTROL_REQUEST');
  const [first] = complaints;
  if (first !== undefined) {
    const { what, path, mend } = first;
    throw new FairleadError('FAIRLEAD_ERR_CONTROL_REQUEST', what, { where: `${command.name} args.${path}`, mend });
  }
  return command.run(controlled, value as never);
}
