import { type Complaint, type ComposeOptions, type Composition, checkHost, rehearse } from '@fairlead/core';
import type { Fault } from './fault.ts';
import { type HostFile, readHostFile } from './host-file.ts';
import { pluginAt } from './plugin-places.ts';
import { suggestPlugin } from './suggest-plugin.ts';

/** A configuration file that describes a host, and the host it describes. */
export interface CheckedHostFile {
  readonly file: HostFile;
  readonly composition: Composition;
}

/**
 * Reads and checks a configuration file down to the plugins' options and constructors. Opens no NIC and no device.
 * Never throws for what is in the file: that comes back as faults.
 */
export async function checkHostFile(
  name: string,
): Promise<{ readonly checked?: CheckedHostFile; readonly faults: readonly Fault[] }> {
  const { file, faults } = readHostFile(name);
  if (file === undefined) return { faults };
  const { composition, complaints } = await checkHost(file.written, { bases: basesOf(file) });
  const all = composition === undefined ? complaints : await rehearse(composition);
  if (composition === undefined || all.length > 0) {
    const suggested = await Promise.all(all.map(suggestPlugin));
    return { faults: inOrder(suggested.map((complaint) => faultAt(file, complaint))) };
  }
  return { checked: { file, composition }, faults: [] };
}

/** Plugins are looked for beside the file first, then among those that come with the command. */
export function basesOf(file: HostFile): NonNullable<ComposeOptions['bases']> {
  return [file.url, import.meta.url];
}

/** Adds file, line, column and plugin to a complaint. */
export function faultAt(file: HostFile, complaint: Complaint): Fault {
  const plugin = pluginAt(file.written, complaint.path);
  return { ...complaint, file: file.name, ...file.place(complaint.path), ...(plugin === undefined ? {} : { plugin }) };
}

function inOrder(faults: Fault[]): Fault[] {
  return faults.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}
