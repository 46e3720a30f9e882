import { resolve } from 'node:path';
import type { SwapNotice } from '@fairlead/core';
import { FairleadError } from '@fairlead/sdk';
import { ask } from '../control/client.ts';
import type { Output } from '../output.ts';
import type { ControlOptions } from './status.ts';

/** A policy as it is named on the command line. */
export interface NamedPolicy {
  readonly section: string;
  /** A path is seen from the folder in which the command runs. */
  readonly plugin: string;
  /** The plugin's options, a JSON object as text. */
  readonly options?: string;
}

export interface SwapFlags extends ControlOptions {
  readonly probationMs?: number;
  readonly reload?: boolean;
}

/** `fairlead swap`: puts another policy into a place of a running host. */
export async function swap(policy: NamedPolicy, flags: SwapFlags, output: Output): Promise<number> {
  const { probationMs, reload } = flags;
  const notice = await ask<SwapNotice>(flags.control, 'swap', {
    ...policyArgs(policy),
    ...(probationMs === undefined ? {} : { probationMs }),
    ...(reload === undefined ? {} : { reload }),
  });
  if (flags.json) output.print(JSON.stringify({ version: 1, ...notice }));
  else output.print(swapText(notice));
  return 0;
}

/** What a swap came to, in a line. */
export function swapText({ section, from, to, handedOver, cause }: SwapNotice): string {
  if (cause === 'probation') return `${section}: ${from} failed on probation, and ${to} has returned`;
  const state = handedOver ? 'with its state' : 'without its state';
  return `${section}: ${to} decides now, in the place of ${from} and ${state}`;
}

/** A policy as the host is told of it. */
export function policyArgs({ section, plugin, options }: NamedPolicy): object {
  const use = plugin.startsWith('.') ? resolve(plugin) : plugin;
  return { section, use, ...(options === undefined ? {} : { options: optionsIn(options) }) };
}

function optionsIn(text: string): object {
  const where = '--options';
  const mend = 'write them as one JSON object, as \'{"grainBytes":"4KiB"}\'';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FairleadError('FAIRLEAD_ERR_CONTROL_REQUEST', 'the options are no JSON', { where, mend, cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new FairleadError('FAIRLEAD_ERR_CONTROL_REQUEST', 'the options are no JSON object', { where, mend });
}
