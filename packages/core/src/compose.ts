import { FairleadError, isFairleadError, type PluginKind, parseMac } from '@fairlead/sdk';
import { type HostConfig, hostConfigSchema, type WrittenHostConfig } from './config.ts';
import type { Composition, PluginPlan } from './plan.ts';
import { type ComposeOptions, PlanLoader } from './plugins/plan-loader.ts';
import { type Complaint, checkValue, closest } from './plugins/schema-values.ts';
import { checkHeard, checkSignals } from './signals/check-signals.ts';
import { checkTeams } from './teams/team-plan.ts';

/** What came of a written configuration: a composition, and what is wrong with it. */
export interface Composed {
  /** Absent when there is a complaint. */
  readonly composition: Composition | undefined;
  /** Everything that is wrong; empty when a host can be made. */
  readonly complaints: readonly Complaint[];
}

/**
 * Checks a configuration as a whole and loads its plugins. Every fault is reported, not the first alone.
 *
 * @example
 * ```ts
 * import { checkHost, type Complaint, type Composed } from '@fairlead/core';
 *
 * const written = {
 *   nics: [{ name: 'uplink0', driver: { use: 'memory', options: { speedBps: '1 apple' } } }],
 *   vms: [{ name: 'web', mac: '52:54:00:00:00:01', device: { use: 'memory' } }],
 * };
 * const composed: Composed = await checkHost(written, { bases: [process.cwd()] });
 * const line = ({ code, path, what, mend }: Complaint) => `${path}: ${what}; ${mend} [${code}]`;
 * for (const complaint of composed.complaints) console.log(line(complaint));
 * ```
 */
export async function checkHost(written: WrittenHostConfig, options: ComposeOptions = {}): Promise<Composed> {
  const checked = checkValue(hostConfigSchema, written, 'FAIRLEAD_ERR_CONFIG_INVALID');
  if (checked.complaints.length > 0) {
    const more: Complaint[] = [...checked.complaints];
    await surveyPlugins(checked.value, new PlanLoader(options, more));
    return { composition: undefined, complaints: more };
  }
  const config = checked.value as HostConfig;
  const complaints = checkNames(config);
  const loader = new PlanLoader(options, complaints);
  const nics: (PluginPlan<'nic-driver'> | undefined)[] = [];
  for (const [i, nic] of config.nics.entries())
    nics.push(await loader.plan('nic-driver', nic.driver, `nics[${i}].driver`));
  const devices = await loader.devices(config);
  const admission = await loader.policy('admission', config.admission, 'admission');
  const distribution = await loader.policy('load-distribution', config.distribution, 'distribution');
  const hypervisor =
    config.hypervisor === undefined ? undefined : await loader.plan('hypervisor', config.hypervisor, 'hypervisor');
  const registry =
    config.registry === undefined ? undefined : await loader.plan('host-registry', config.registry, 'registry');
  const shadows = await loader.shadows(config);
  const monitors = await loader.monitors(config);
  const detectors = await loader.detectors(config);
  const signals = await loader.responders(config);
  checkHeard(config, detectors, complaints);
  if (complaints.length > 0) return { composition: undefined, complaints };
  return {
    composition: {
      config,
      nics: nics as PluginPlan<'nic-driver'>[],
      devices,
      admission,
      distribution,
      hypervisor,
      registry,
      shadows,
      detectors,
      monitors,
      signals,
      sources: options,
    },
    complaints,
  };
}

/**
 * Checks a configuration and loads its plugins.
 * @throws FairleadError with the first complaint's code, path and mend.
 * @example
 * ```ts
 * import { type ComposeOptions, type Composition, composeHost } from '@fairlead/core';
 *
 * const options: ComposeOptions = { bases: [process.cwd()] };
 * const composition: Composition = await composeHost(
 *   { nics: [{ name: 'uplink0', driver: { use: 'memory' } }], vms: [{ name: 'web', mac: '52:54:00:00:00:01' }] },
 *   options,
 * );
 * console.log(composition.nics[0]?.options, composition.distribution);
 * ```
 */
export async function composeHost(written: WrittenHostConfig, options: ComposeOptions = {}): Promise<Composition> {
  const { composition, complaints } = await checkHost(written, options);
  if (composition !== undefined) return composition;
  const [first] = complaints as [Complaint];
  const more = complaints.length > 1 ? ` (and ${complaints.length - 1} more)` : '';
  throw new FairleadError(first.code, first.what + more, { where: first.path, mend: first.mend });
}

/** Checks the plugins of a configuration that is wrong elsewhere, as far as it has them: so that one look finds all. */
async function surveyPlugins(value: unknown, loader: PlanLoader): Promise<void> {
  const at = (from: unknown, key: string): unknown => (from as Record<string, unknown> | null | undefined)?.[key];
  const look = async (kind: PluginKind, written: unknown, where: string): Promise<void> => {
    const use = at(written, 'use');
    const options = at(written, 'options') ?? {};
    if (typeof use !== 'string' || use === '' || typeof options !== 'object') return;
    await loader.plan(kind, { use, options: options as Record<string, unknown> }, where);
  };
  const list = (key: string): unknown[] => (Array.isArray(at(value, key)) ? (at(value, key) as unknown[]) : []);
  for (const [i, nic] of list('nics').entries()) await look('nic-driver', at(nic, 'driver'), `nics[${i}].driver`);
  for (const [i, vm] of list('vms').entries()) await look('device-emulator', at(vm, 'device'), `vms[${i}].device`);
  for (const [i, port] of list('ports').entries())
    await look('device-emulator', at(port, 'device'), `ports[${i}].device`);
  for (const [key, kind] of [
    ['admission', 'admission'],
    ['distribution', 'load-distribution'],
  ] as const) {
    await look(kind, at(value, key), key);
    await look(kind, at(at(value, key), 'fallback'), `${key}.fallback`);
    await look(kind, at(at(value, key), 'shadow'), `${key}.shadow`);
  }
  for (const [i, team] of list('teams').entries()) {
    const monitors = at(team, 'monitors');
    for (const [k, monitor] of (Array.isArray(monitors) ? monitors : []).entries())
      await look('link-monitor', monitor, `teams[${i}].monitors[${k}]`);
  }
  for (const [i, detector] of list('detectors').entries()) await look('detector', detector, `detectors[${i}]`);
  for (const [i, rule] of list('signals').entries()) {
    const responders = at(rule, 'responders');
    for (const [k, responder] of (Array.isArray(responders) ? responders : []).entries())
      await look('responder', responder, `signals[${i}].responders[${k}]`);
  }
  await look('hypervisor', at(value, 'hypervisor'), 'hypervisor');
  await look('host-registry', at(value, 'registry'), 'registry');
}

function checkNames(config: HostConfig): Complaint[] {
  const complaints: Complaint[] = [];
  const invalid = (path: string, what: string, mend: string): void => {
    complaints.push({ code: 'FAIRLEAD_ERR_CONFIG_NAME', path, what, mend });
  };
  const unique = (list: readonly string[], path: (i: number) => string, thing: string): void => {
    const seen = new Map<string, number>();
    for (const [i, value] of list.entries()) {
      const first = seen.get(value);
      if (first === undefined) seen.set(value, i);
      else invalid(path(i), `"${value}" is the ${thing} of ${path(first)} already`, `give each its own ${thing}`);
    }
  };
  unique(
    config.nics.map((nic) => nic.name),
    (i) => `nics[${i}].name`,
    'name',
  );
  unique(
    config.vms.map((vm) => vm.name),
    (i) => `vms[${i}].name`,
    'name',
  );
  unique(
    config.vms.map((vm) => vm.mac.toLowerCase().replaceAll('-', ':')),
    (i) => `vms[${i}].mac`,
    'MAC address',
  );
  unique(
    config.ports.map((port) => port.name),
    (i) => `ports[${i}].name`,
    'name',
  );
  unique(config.teams?.map((team) => team.name) ?? [], (i) => `teams[${i}].name`, 'name');
  checkTeams(config, invalid);
  checkSignals(config, invalid);
  const ports = config.ports.map((port) => port.name);
  for (const [i, vm] of config.vms.entries()) {
    try {
      parseMac(vm.mac);
    } catch (error) {
      if (!isFairleadError(error)) throw error;
      complaints.push({
        code: error.code,
        path: `vms[${i}].mac`,
        what: `"${vm.mac}" is no VM's MAC address`,
        mend: error.mend ?? '',
      });
    }
    if ((vm.device === undefined) === (vm.port === undefined)) {
      invalid(
        `vms[${i}]`,
        `VM "${vm.name}" needs a device or a port, one of them`,
        'add device: { use: … } or port: …',
      );
    } else if (vm.port !== undefined && !ports.includes(vm.port)) {
      const near = closest(vm.port, ports);
      const mend = near === undefined ? 'declare it under ports' : `did you mean "${near}"?`;
      invalid(`vms[${i}].port`, `there is no port "${vm.port}"`, mend);
    }
  }
  for (const [i, port] of config.ports.entries()) {
    if (!config.vms.some((vm) => vm.port === port.name)) {
      invalid(`ports[${i}].name`, `no VM is behind port "${port.name}"`, 'give a VM this port, or remove it');
    }
  }
  if (config.runtime.kind === 'inline' && config.runtime.workers > 1) {
    invalid(
      'runtime.workers',
      `the inline runtime has one loop, not ${config.runtime.workers}`,
      'remove workers, or use runtime kind workers',
    );
  }
  if (config.registry !== undefined && config.name === undefined)
    invalid('name', 'a host with a registry needs a name, by which the others know it', 'add name: …');
  if (!config.nics.some((nic) => nic.role === 'active'))
    invalid('nics', 'no NIC has the role active', 'make one NIC active');
  return complaints;
}
