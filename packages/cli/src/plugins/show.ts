import { relative } from 'node:path';
import { presetOf } from '@fairlead/core';
import type { Output } from '../output.ts';
import type { JsonSchema } from '../schema/published.ts';
import { type FoundPlugin, findPlugins } from './found.ts';
import { type OptionRow, optionRows } from './option-rows.ts';
import { describePlugin } from './posture.ts';

/**
 * `fairlead plugin show`: what a plugin is, where it runs, what it asks for, and its options.
 *
 * @throws FairleadError when there is no such plugin, or it cannot be loaded.
 */
export async function show(
  use: string,
  { json = false, folder = '.' }: { readonly json?: boolean; readonly folder?: string },
  output: Output,
): Promise<number> {
  const shown = (await findPlugins(use, folder)).map((found) => about(found, folder));
  const preset = presetOf('load-distribution', use);
  const known = preset === undefined ? {} : { preset: { name: use, ...preset } };
  if (json) {
    output.print(JSON.stringify({ version: 1, ...known, plugins: shown }));
    return 0;
  }
  if (preset !== undefined) {
    output.print(`${use}, as in ${preset.from}: ${preset.use} with the options ${JSON.stringify(preset.options)}`);
  }
  for (const [i, plugin] of shown.entries()) for (const line of linesOf(plugin, i > 0)) output.print(line);
  return 0;
}

function about({ definition, file, manifest }: FoundPlugin, folder: string) {
  const { kind, name, apiVersion } = definition;
  return {
    kind,
    name,
    apiVersion,
    package: manifest?.package,
    version: manifest?.version,
    module: relative(folder, file),
    ...describePlugin(definition),
    options: optionRows(definition.options as JsonSchema),
  };
}

function linesOf(plugin: ReturnType<typeof about>, apart: boolean): string[] {
  const { kind, name, apiVersion, options, handsStateOver } = plugin;
  const facts: [string, string][] = [
    ['package', plugin.package === undefined ? 'none' : `${plugin.package} ${plugin.version}`],
    ['module', plugin.module],
    ['version of the extension point', String(apiVersion)],
    ['runs', plugin.runs],
    ['on failure', plugin.onFailure],
    ['hooks', plugin.hooks.join(', ')],
    ['is given', plugin.given.join(', ') || 'nothing'],
    ...(plugin.needs.length === 0 ? [] : [['needs', plugin.needs.join(', ')] as [string, string]]),
    ['on a swap', handsStateOver ? 'hands its state over' : 'its successor begins anew'],
  ];
  return [
    ...(apart ? [''] : []),
    `${kind} ${name}`,
    ...facts.map(([what, text]) => `  ${what}: ${text}`),
    options.length === 0 ? 'no options' : 'options',
    ...options.flatMap(optionLines),
  ];
}

function optionLines(option: OptionRow): string[] {
  const { path, type, suffixes, default: standard, required, bounds, description } = option;
  const says = [
    type,
    ...(suffixes === undefined ? [] : [`or text with ${suffixes.join(', ')}`]),
    ...(bounds === undefined ? [] : [bounds]),
    ...(standard === undefined ? [required ? 'required' : 'optional'] : [`default ${JSON.stringify(standard)}`]),
  ];
  return [`  ${path}: ${says.join('; ')}`, ...(description === undefined ? [] : [`      ${description}`])];
}
