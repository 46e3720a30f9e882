import { type Complaint, closest, DISTRIBUTION_PRESETS } from '@fairlead/core';
import { bundledPlugins } from '../schema/bundled.ts';
import { kindAt } from './plugin-places.ts';

/** Adds to "there is no such plugin" which of those that come with the command was probably meant. */
export async function suggestPlugin(complaint: Complaint): Promise<Complaint> {
  const kind = kindAt(complaint.path);
  const written = /"([^"]*)"/.exec(complaint.what)?.[1];
  if (complaint.code !== 'FAIRLEAD_ERR_PLUGIN_NOT_FOUND' || kind === undefined || written === undefined)
    return complaint;
  const names = (await bundledPlugins()).flatMap(({ definition }) =>
    definition.kind === kind ? [definition.name] : [],
  );
  if (kind === 'load-distribution') names.push(...Object.keys(DISTRIBUTION_PRESETS));
  const near = closest(written, names);
  const mend = near === undefined ? `use one of: ${names.join(', ')}; or ${complaint.mend}` : `did you mean "${near}"?`;
  return { ...complaint, mend };
}
