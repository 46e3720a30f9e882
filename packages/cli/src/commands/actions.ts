import type { ActionRecord } from '@fairlead/core';
import { FairleadError } from '@fairlead/sdk';
import { ask } from '../control/client.ts';
import type { Output } from '../output.ts';
import { actionLines } from '../view/actions.ts';
import type { ControlOptions } from './status.ts';

interface Told {
  readonly nowUs: number;
  readonly actions: readonly ActionRecord[];
}

export interface ActionsFlags extends ControlOptions {
  readonly vm?: string;
  readonly history?: boolean;
}

export interface UndoFlags extends ControlOptions {
  readonly all?: boolean;
  readonly vm?: string;
}

/** `fairlead actions`: what responders have done that stands, and with `--history` what they had. */
export async function listActions(flags: ActionsFlags, output: Output): Promise<number> {
  const { vm, history = false } = flags;
  const told = await ask<Told>(flags.control, 'action.list', { ...(vm === undefined ? {} : { vm }), history });
  return tell(told, flags, history ? 'nothing was done' : 'no action stands', output);
}

/** `fairlead undo`: takes one of them back, or all. */
export async function undoActions(id: string | undefined, flags: UndoFlags, output: Output): Promise<number> {
  const { all = false, vm } = flags;
  if ((id !== undefined) === all || (vm !== undefined && !all)) throw oneOrAll();
  const which = id === undefined ? {} : { id: actionNumber(id) };
  const told = await ask<Told>(flags.control, 'action.undo', { ...which, ...(vm === undefined ? {} : { vm }) });
  return tell(told, flags, 'there was nothing to undo', output);
}

function tell({ nowUs, actions }: Told, { json }: ControlOptions, none: string, output: Output): number {
  if (json) output.print(JSON.stringify({ version: 1, nowUs, actions }));
  else for (const line of actionLines(actions, nowUs, none)) output.print(line);
  return 0;
}

function actionNumber(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new FairleadError('FAIRLEAD_ERR_CONTROL_REQUEST', `"${text}" is not the number of an action`, {
    where: 'undo',
    mend: 'use one that fairlead actions lists',
  });
}

function oneOrAll(): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_CONTROL_REQUEST', 'either the number of an action is needed, or --all', {
    where: 'undo',
    mend: 'write fairlead undo <id>, or fairlead undo --all [--vm <name>]',
  });
}
