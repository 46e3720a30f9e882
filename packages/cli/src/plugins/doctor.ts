import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { checkHostFile } from '../config/check-host-file.ts';
import { type Fault, faultLines } from '../config/fault.ts';
import type { Output } from '../output.ts';
import { copyFindings } from './doctor/copies.ts';
import type { Finding } from './doctor/finding.ts';
import { packageFindings } from './doctor/packages.ts';
import { unusedOptions } from './doctor/unused-options.ts';
import { installedPlugins } from './installed.ts';

/** What `fairlead plugin doctor` is told. */
export interface DoctorFlags {
  readonly json?: boolean;
  readonly folder?: string;
}

/**
 * `fairlead plugin doctor`: what is wrong between the plugins of a folder, the sdk and this host; with a host file, also
 * which of its options no policy reads. Opens no NIC and no device. Returns the exit code: 1 when there is an error.
 */
export async function doctor(
  name: string | undefined,
  { json = false, folder = name === undefined ? '.' : dirname(name) }: DoctorFlags,
  output: Output,
): Promise<number> {
  const plugins = existsSync(folder) ? installedPlugins(folder) : [];
  const findings: Finding[] = copyFindings(plugins, resolve(folder));
  for (const plugin of plugins) findings.push(...(await packageFindings(plugin)));
  const { faults, warnings } = name === undefined ? NOTHING : await lookAtHost(name);
  findings.push(...warnings);
  const errors = faults.length + findings.filter(({ severity }) => severity === 'error').length;
  const count = findings.length + faults.length;
  if (json) {
    output.print(JSON.stringify({ version: 1, ok: errors === 0, plugins: plugins.length, findings, faults }));
  } else {
    for (const fault of faults) for (const line of faultLines(fault)) output.tell(line);
    for (const finding of findings) for (const line of linesOf(finding)) output.tell(line);
    const looked = `${plugins.length} plugins${name === undefined ? '' : ` and ${name}`}`;
    output.print(count === 0 ? `${looked}: nothing wrong` : `${looked}: ${errors} errors, ${count - errors} warnings`);
  }
  return errors === 0 ? 0 : 1;
}

const NOTHING = { faults: [], warnings: [] } as const;

/** What `fairlead check` says of a host file, and, when that is nothing, the options that it writes in vain. */
async function lookAtHost(
  name: string,
): Promise<{ readonly faults: readonly Fault[]; readonly warnings: readonly Finding[] }> {
  const { checked, faults } = await checkHostFile(name);
  if (checked === undefined) return { faults, warnings: [] };
  const { admission, distribution } = checked.composition;
  const warnings: Finding[] = [];
  for (const plan of [...admission.chain, ...distribution.chain]) {
    const unread = await unusedOptions(checked, plan as never);
    for (const finding of unread) {
      const { line, column } = checked.file.place(finding.where);
      warnings.push({ ...finding, where: `${name}:${line}:${column} ${finding.where}` });
    }
  }
  return { faults: [], warnings };
}

function linesOf({ severity, what, where, mend, code }: Finding): string[] {
  return [`${severity}: ${what}`, `  at ${where}`, ...(mend === '' ? [] : [`  mend: ${mend}`]), `  [${code}]`];
}
