import {
  type Complaint,
  type ComposeOptions,
  type Composition,
  checkHost,
  checkValue,
  rehearse,
  type WrittenHostConfig,
} from '@fairlead/core';
import { type NamedSender, named, Survey } from '../scenario/check.ts';
import type { EventEntry } from '../scenario/schema.ts';
import { type NamedHost, Roster, racksOf } from './roster.ts';
import { type ClusterParts, clusterSchema, type WrittenCluster, type WrittenTemplate } from './schema.ts';
import { checkRepeats, repeated } from './template.ts';

/** A checked scenario of several hosts. */
export interface ClusterScenario extends ClusterParts {
  /** Its hosts and VMs. */
  readonly roster: Roster;
  /** The host that all others repeat; undefined when each is a host of its own. */
  readonly template: Composition | undefined;
  /** First host of each rack: hosts that may know each other through one registry, and are simulated by one thread. */
  readonly racks: readonly number[];
  /** Senders with their names and every option of their kind in place. */
  readonly named: readonly NamedSender[];
  /** As it was written, for other threads. */
  readonly written: WrittenCluster;
  /** How the plugins of the hosts were found. */
  readonly options: ComposeOptions;
}

/** What came of a check. */
export interface CheckedCluster {
  /** Absent when there is a complaint. */
  readonly scenario: ClusterScenario | undefined;
  /** What is wrong, where, and how to mend it; empty when nothing is. */
  readonly complaints: readonly Complaint[];
}

/** What a script cannot do to a host that is one of several. */
const ALONE = ['swap'];

/**
 * Checks a scenario of several hosts as a whole, down to their plugins. Every fault is reported, not the first alone.
 *
 * @example
 * ```ts
 * import { type CheckedCluster, checkCluster, type ClusterScenario } from '@fairlead/simulator';
 *
 * const { scenario, complaints }: CheckedCluster = await checkCluster({
 *   duration: '1s',
 *   hosts: { count: 10, vms: 4, template: { nics: [], vms: [{ name: 'vm', mac: '52:54:00:00:00:01' }] } },
 *   senders: [{ vm: '*', kind: 'constant', rateBps: '1Mbps', to: '*' }],
 * });
 * for (const { path, what, mend } of complaints) console.error(`${path}: ${what}; ${mend}`);
 * const vmsOf = ({ roster }: ClusterScenario) => roster.vms.length;
 * ```
 */
export async function checkCluster(written: WrittenCluster, options: ComposeOptions = {}): Promise<CheckedCluster> {
  const checked = checkValue(clusterSchema, written, 'FAIRLEAD_ERR_CONFIG_INVALID');
  const complaints: Complaint[] = [...checked.complaints];
  if (complaints.length > 0) return { scenario: undefined, complaints };
  const { hosts: _, ...parts } = checked.value as ClusterParts & { hosts: unknown };
  const found = await findHosts(written, options, complaints);
  if (found === undefined) return { scenario: undefined, complaints };
  const roster = new Roster(found.hosts);
  const nics = roster.hosts.flatMap(({ name, host }) => host.config.nics.map((nic) => `${name}.${nic.name}`));
  const networks = [...new Set(roster.hosts.flatMap(({ host }) => host.config.nics.map(({ name }) => name)))];
  new Survey(parts, { vms: roster.vms, nics, networks }, complaints, true).all();
  for (const [i, event] of parts.events.entries()) {
    if (ALONE.includes(event.do)) complaints.push(notHere(`events[${i}].do`, `${event.do} is for a host alone`));
    else complaints.push(...destinationOf(event, roster, `events[${i}].to`));
  }
  for (const [i, vm] of (parts.watch ?? []).entries())
    if (roster.numberOf(vm) < 0) complaints.push(notHere(`watch[${i}]`, `there is no VM "${vm}"`));
  if (complaints.length > 0) return { scenario: undefined, complaints };
  const whole = { ...parts, named: named(parts.senders), roster, options, written };
  return { scenario: { ...whole, template: found.template, racks: found.racks }, complaints };
}

/** What is wrong with where a VM is to go. */
function destinationOf({ do: what, vm = '', to }: EventEntry, roster: Roster, path: string): Complaint[] {
  if (to === undefined || what !== 'vm-migrate') return [];
  const host = roster.hosts.find(({ name }) => name === to);
  if (host === undefined) return [notHere(path, `there is no host "${to}"`)];
  const number = roster.numberOf(vm);
  return number < 0 || host.vms.includes(number) ? [] : [notHere(path, `host "${to}" names no VM "${vm}"`)];
}

function notHere(path: string, what: string): Complaint {
  return { code: 'FAIRLEAD_ERR_CONFIG_NAME', path, what, mend: 'remove it' };
}

interface FoundHosts {
  readonly hosts: readonly NamedHost[];
  readonly template: Composition | undefined;
  readonly racks: readonly number[];
}

async function findHosts(
  { hosts }: WrittenCluster,
  options: ComposeOptions,
  complaints: Complaint[],
): Promise<FoundHosts | undefined> {
  if (!isTemplate(hosts)) {
    const found: NamedHost[] = [];
    for (const [i, written] of hosts.entries()) {
      const host = await checkOne(written, options, `hosts[${i}]`, complaints);
      if (host === undefined) continue;
      const { name = 'fairlead' } = (host.registry?.options ?? {}) as { name?: string };
      found.push({ name: written.name ?? `h${i}`, host, registry: host.registry && name });
    }
    return complaints.length > 0 ? undefined : { hosts: found, template: undefined, racks: racksOf(found) };
  }
  const { count, template, vms, rack = count, neighbours = 0, movable } = hosts;
  const [first] = template.vms ?? [];
  const many =
    vms === undefined || first === undefined ? template.vms : Array.from({ length: vms }, (_, i) => manyOf(first, i));
  const host = await checkOne(
    { name: 'h0', ...template, vms: many } as WrittenHostConfig,
    options,
    'hosts.template',
    complaints,
  );
  if (host === undefined) return undefined;
  const repeats = { count, rack, neighbours, movable };
  complaints.push(...checkRepeats(host, repeats));
  if (complaints.length > 0) return undefined;
  const racks = Array.from({ length: Math.ceil(count / rack) }, (_, i) => i * rack);
  return { hosts: repeated(host, repeats), template: host, racks };
}

function isTemplate(hosts: WrittenCluster['hosts']): hosts is WrittenTemplate {
  return !Array.isArray(hosts);
}

/** A VM like another one. Its address is given anew. */
function manyOf(vm: NonNullable<WrittenHostConfig['vms']>[number], i: number) {
  const low = (i & 0xff).toString(16).padStart(2, '0');
  const high = (i >> 8).toString(16).padStart(2, '0');
  return { ...vm, name: `vm${i}`, mac: `52:54:00:00:${high}:${low}` };
}

async function checkOne(
  written: WrittenHostConfig,
  options: ComposeOptions,
  path: string,
  complaints: Complaint[],
): Promise<Composition | undefined> {
  const { composition, complaints: wrong } = await checkHost(written, options);
  const all = composition === undefined ? wrong : await rehearse(composition);
  for (const complaint of all)
    complaints.push({ ...complaint, path: complaint.path === '' ? path : `${path}.${complaint.path}` });
  return all.length === 0 ? composition : undefined;
}
