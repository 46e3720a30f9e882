import {
  FairleadError,
  isFairleadError,
  type OptionsSchema,
  type PluginDefinition,
  type PluginKind,
  parseMac,
} from '@fairlead/sdk';
import { type HostConfig, hostConfigSchema, type PluginUse, type PolicyUse, type WrittenHostConfig } from './config.ts';
import { checkDefinition, loadPlugin } from './plugins/load.ts';
import { type Complaint, checkValue, closest, complaintFrom } from './plugins/schema-values.ts';

/** A plugin with its validated options: all that a thread needs to make an instance. */
export interface PluginPlan<K extends PluginKind = PluginKind> {
  readonly kind: K;
  readonly name: string;
  /** Module to load it from in another thread; empty when it is known to this thread alone. */
  readonly module: string;
  readonly options: unknown;
  /** Path in the configuration, for errors. */
  readonly where: string;
  readonly definition: PluginDefinition<K>;
}

/** A policy and, behind it, the one that serves when it fails. */
export type PolicyPlan<K extends PluginKind> = readonly PluginPlan<K>[];

/** One virtual NIC and the VMs behind it. */
export interface DevicePlan {
  readonly name: string;
  readonly shared: boolean;
  readonly vms: readonly number[];
  readonly plugin: PluginPlan<'device-emulator'>;
}

/** A checked configuration with its plugins: what a host is built from. */
export interface Composition {
  readonly config: HostConfig;
  readonly nics: readonly PluginPlan<'nic-driver'>[];
  readonly devices: readonly DevicePlan[];
  readonly admission: PolicyPlan<'admission'>;
  readonly distribution: PolicyPlan<'load-distribution'>;
  readonly hypervisor: PluginPlan<'hypervisor'> | undefined;
}

export interface ComposeOptions {
  /** Folders or module URLs from which plugins are looked for, in order. */
  readonly bases?: readonly string[];
  /** Plugins that were handed over as objects, by `kind/name`. */
  readonly definitions?: ReadonlyMap<string, PluginDefinition>;
}

export interface Composed {
  /** Absent when there is a complaint. */
  readonly composition: Composition | undefined;
  readonly complaints: readonly Complaint[];
}

/** Checks a configuration as a whole and loads its plugins. Every fault is reported, not the first alone. */
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
  if (complaints.length > 0) return { composition: undefined, complaints };
  return {
    composition: { config, nics: nics as PluginPlan<'nic-driver'>[], devices, admission, distribution, hypervisor },
    complaints,
  };
}

/**
 * Checks a configuration and loads its plugins.
 * @throws FairleadError with the first complaint's code, path and mend.
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
  }
  await look('hypervisor', at(value, 'hypervisor'), 'hypervisor');
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
  if (!config.nics.some((nic) => nic.role === 'active'))
    invalid('nics', 'no NIC has the role active', 'make one NIC active');
  return complaints;
}

class PlanLoader {
  readonly #options: ComposeOptions;
  readonly #complaints: Complaint[];

  constructor(options: ComposeOptions, complaints: Complaint[]) {
    this.#options = options;
    this.#complaints = complaints;
  }

  async plan<K extends PluginKind>(kind: K, use: PluginUse, where: string): Promise<PluginPlan<K> | undefined> {
    try {
      const { definition, module } = await this.#load(kind, use.use, `${where}.use`);
      const checked = checkValue(closed(definition.options), use.options, 'FAIRLEAD_ERR_PLUGIN_OPTIONS');
      for (const { code, path, what, mend } of checked.complaints) {
        const place = path === '' ? `${where}.options` : `${where}.options.${path}`;
        this.#complaints.push({ code, path: place, what: `${kind} plugin "${definition.name}": ${what}`, mend });
      }
      if (checked.complaints.length > 0) return undefined;
      return { kind, name: definition.name, module, options: checked.value, where, definition };
    } catch (error) {
      this.#complaints.push(complaintFrom(error, where));
      return undefined;
    }
  }

  async #load<K extends PluginKind>(kind: K, use: string, where: string) {
    const given = this.#options.definitions?.get(`${kind}/${use}`);
    const bases = this.#options.bases ?? [process.cwd()];
    if (given === undefined) return loadPlugin(kind, use, bases, where);
    const definition = checkDefinition(kind, given, use, where);
    if (definition.module !== undefined) return { definition, module: definition.module };
    try {
      const { definition: same, module } = await loadPlugin(kind, use, bases, where);
      return { definition, module: same === definition ? module : '' };
    } catch (error) {
      if (!isFairleadError(error)) throw error;
      return { definition, module: '' }; // known to this thread alone, which the inline runtime does not mind
    }
  }

  async policy<K extends 'admission' | 'load-distribution'>(
    kind: K,
    use: PolicyUse | undefined,
    where: string,
  ): Promise<PolicyPlan<K>> {
    if (use === undefined) return [];
    const first = await this.plan(kind, use, where);
    const second = use.fallback === undefined ? undefined : await this.plan(kind, use.fallback, `${where}.fallback`);
    return [first, second].filter((plan) => plan !== undefined);
  }

  async devices(config: HostConfig): Promise<DevicePlan[]> {
    const devices: DevicePlan[] = [];
    const add = async (
      name: string,
      vms: readonly number[],
      shared: boolean,
      use: PluginUse,
      where: string,
    ): Promise<void> => {
      const plugin = await this.plan('device-emulator', use, where);
      if (plugin !== undefined) devices.push({ name, shared, vms, plugin });
    };
    for (const [i, vm] of config.vms.entries()) {
      if (vm.device !== undefined) await add(vm.name, [i], false, vm.device, `vms[${i}].device`);
    }
    for (const [i, port] of config.ports.entries()) {
      const behind = config.vms.flatMap((vm, index) => (vm.port === port.name ? [index] : []));
      await add(port.name, behind, true, port.device, `ports[${i}].device`);
    }
    return devices;
  }
}

const closedSchemas = new WeakMap<object, object>();

/** A plugin's schema that refuses keys it does not name, unless it says otherwise: a mistyped option is never ignored. */
function closed(schema: OptionsSchema): object {
  if (schema.additionalProperties !== undefined) return schema;
  let refusing = closedSchemas.get(schema);
  if (refusing === undefined) {
    refusing = { ...schema, additionalProperties: false };
    closedSchemas.set(schema, refusing);
  }
  return refusing;
}
