import { dirname, join } from 'node:path';
import type { Complaint, WrittenHostConfig } from '@fairlead/core';
import {
  type ClusterScenario,
  checkCluster,
  checkScenario,
  type Scenario,
  type WrittenCluster,
  type WrittenScenario,
} from '@fairlead/simulator';
import { basesOf, faultAt } from './check-host-file.ts';
import type { Fault } from './fault.ts';
import { type HostFile, readHostFile } from './host-file.ts';
import { pluginAt } from './plugin-places.ts';
import { suggestPlugin } from './suggest-plugin.ts';

const IN_HOST = 'host.';

/**
 * Reads and checks a scenario file, and the host file that it names if it does, down to the plugins' options. Opens
 * nothing. Never throws for what is in the files: that comes back as faults.
 */
export async function checkScenarioFile(
  name: string,
): Promise<{ readonly scenario?: Scenario | ClusterScenario; readonly faults: readonly Fault[] }> {
  const { file, faults } = readHostFile(name);
  if (file === undefined) return { faults };
  if ('hosts' in (file.written ?? {})) return checkClusterFile(name, file);
  const written = file.written as unknown as { host?: WrittenHostConfig | string };
  const apart = typeof written.host === 'string' ? readHostFile(join(dirname(name), written.host)) : undefined;
  if (apart !== undefined && apart.file === undefined) return { faults: apart.faults };
  const whole = { ...written, host: apart?.file?.written ?? written.host } as WrittenScenario;
  const { scenario, complaints } = await checkScenario(whole, { bases: basesOf(apart?.file ?? file) });
  if (scenario !== undefined) return { scenario, faults: [] };
  const placed = await Promise.all(complaints.map((complaint) => place(file, apart?.file, complaint)));
  return { faults: placed.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)) };
}

/** A scenario of several hosts; each may be the path of a configuration, and so may the one that is repeated. */
async function checkClusterFile(name: string, file: HostFile) {
  const written = file.written as unknown as { hosts: unknown[] | { template: unknown } };
  const faults: Fault[] = [];
  const read = (host: unknown): unknown => {
    if (typeof host !== 'string') return host;
    const apart = readHostFile(join(dirname(name), host));
    faults.push(...apart.faults);
    return apart.file?.written;
  };
  const { hosts } = written;
  const found = Array.isArray(hosts) ? hosts.map(read) : { ...hosts, template: read(hosts?.template) };
  if (faults.length > 0) return { faults };
  const whole = { ...written, hosts: found } as unknown as WrittenCluster;
  const { scenario, complaints } = await checkCluster(whole, { bases: basesOf(file) });
  if (scenario !== undefined) return { scenario, faults };
  return { faults: complaints.map((complaint) => faultAt(file, complaint)) };
}

/** What is wrong with the host is placed in the file that describes it. */
async function place(file: HostFile, apart: HostFile | undefined, complaint: Complaint): Promise<Fault> {
  if (!complaint.path.startsWith(IN_HOST)) return faultAt(file, complaint);
  const inHost = { ...complaint, path: complaint.path.slice(IN_HOST.length) };
  const suggested = await suggestPlugin(inHost);
  if (apart !== undefined) return faultAt(apart, suggested);
  const plugin = pluginAt((file.written as unknown as { host: unknown }).host, inHost.path);
  const fault = faultAt(file, { ...suggested, path: complaint.path });
  return plugin === undefined ? fault : { ...fault, plugin };
}
