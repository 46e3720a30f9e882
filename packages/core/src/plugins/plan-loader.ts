import {
  FairleadError,
  isFairleadError,
  type OptionsSchema,
  type PluginDefinition,
  type PluginKind,
} from '@fairlead/sdk';
import type { Budget, FailureMode, HostConfig, PluginUse, PolicyUse } from '../config.ts';
import type { Composition, DetectorPlan, DevicePlan, PluginPlan, PolicyPlan } from '../plan.ts';
import { presetOf } from '../teams/presets.ts';
import { checkDefinition, loadPlugin } from './load.ts';
import { type Checked, type Complaint, checkValue, complaintFrom } from './schema-values.ts';

/** Where plugins come from. */
export interface ComposeOptions {
  /** Folders or module URLs from which plugins are looked for, in order. */
  readonly bases?: readonly string[];
  /** Plugins that were handed over as objects, by `kind/name`. */
  readonly definitions?: ReadonlyMap<string, PluginDefinition>;
}

/** Nothing is measured of the policies that a host has without being told. */
const UNBOUNDED: Budget = { controlMs: 30_000 };

/** A plugin's place, with what is said there of its failure and of what it may use. */
type BoundedUse = PluginUse & { readonly fail?: FailureMode; readonly budget?: Budget };

/** Loads the plugins that a configuration names, checks their options, and notes what is wrong with them. */
export class PlanLoader {
  readonly #options: ComposeOptions;
  readonly #complaints: Complaint[];

  constructor(options: ComposeOptions, complaints: Complaint[]) {
    this.#options = options;
    this.#complaints = complaints;
  }

  async plan<K extends PluginKind>(kind: K, use: BoundedUse, where: string): Promise<PluginPlan<K> | undefined> {
    const { fail = 'closed', budget = UNBOUNDED } = use;
    try {
      const preset = this.#preset(kind, use.use);
      const { definition, module } = await this.#load(kind, preset?.plugin ?? use.use, `${where}.use`);
      const options = preset === undefined ? use.options : { ...preset.options, ...use.options };
      const checked = checkOptions(definition, options, where);
      for (const { code, path, what, mend } of checked.complaints) {
        const place = path === '' ? `${where}.options` : `${where}.options.${path}`;
        this.#complaints.push({ code, path: place, what: `${kind} plugin "${definition.name}": ${what}`, mend });
      }
      if (checked.complaints.length > 0) return undefined;
      const plan = { kind, name: definition.name, module, options: checked.value, where, definition, fail, budget };
      return preset === undefined ? plan : { ...plan, preset: use.use };
    } catch (error) {
      this.#complaints.push(complaintFrom(error, where));
      return undefined;
    }
  }

  /** A name that operators know, unless a plugin of that name was handed over. */
  #preset(kind: PluginKind, name: string): { plugin: string; options: object } | undefined {
    const preset = presetOf(kind, name);
    const given = this.#options.definitions?.get(`${kind}/${name}`);
    if (preset === undefined || (given !== undefined && given.name !== preset.use)) return undefined;
    return { plugin: given === undefined ? preset.use : name, options: preset.options };
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
    if (use === undefined) return { chain: [], fail: 'fallback', budget: UNBOUNDED };
    const first = await this.plan(kind, use, where);
    const second =
      use.fallback &&
      (await this.plan(kind, { ...use.fallback, fail: use.fail, budget: use.budget }, `${where}.fallback`));
    const chain = [first, second].filter((plan) => plan !== undefined);
    return { chain, fail: use.fail, budget: use.budget };
  }

  async shadows({ admission, distribution }: HostConfig): Promise<Composition['shadows']> {
    const [first, second] = [admission?.shadow, distribution?.shadow];
    return {
      admission: first && (await this.plan('admission', first, 'admission.shadow')),
      distribution: second && (await this.plan('load-distribution', second, 'distribution.shadow')),
    };
  }

  /** The link monitors of each team; one empty list for the team that a host has without naming any. */
  async monitors(config: HostConfig): Promise<PluginPlan<'link-monitor'>[][]> {
    const all: PluginPlan<'link-monitor'>[][] = [];
    for (const [i, team] of (config.teams ?? []).entries()) {
      const plans: PluginPlan<'link-monitor'>[] = [];
      for (const [k, use] of team.monitors.entries()) {
        const plan = await this.plan('link-monitor', use, `teams[${i}].monitors[${k}]`);
        if (plan !== undefined) plans.push(plan);
      }
      all.push(plans);
    }
    return all;
  }

  async detectors(config: HostConfig): Promise<DetectorPlan[]> {
    const plans: DetectorPlan[] = [];
    for (const [i, { windowMs, ...use }] of config.detectors.entries()) {
      const plan = await this.plan('detector', { ...use, fail: 'open' }, `detectors[${i}]`);
      if (plan !== undefined) plans.push({ ...plan, windowMs });
    }
    return plans;
  }

  /** The responders of each chain. */
  async responders(config: HostConfig): Promise<PluginPlan<'responder'>[][]> {
    const all: PluginPlan<'responder'>[][] = [];
    for (const [i, { responders }] of config.signals.entries()) {
      const plans: PluginPlan<'responder'>[] = [];
      for (const [k, use] of responders.entries()) {
        const plan = await this.plan('responder', use, `signals[${i}].responders[${k}]`);
        if (plan !== undefined) plans.push(plan);
      }
      all.push(plans);
    }
    return all;
  }

  async devices(config: HostConfig): Promise<DevicePlan[]> {
    const devices: DevicePlan[] = [];
    const add = async (
      name: string,
      vms: readonly number[],
      shared: boolean,
      use: BoundedUse,
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

/** @throws FairleadError `FAIRLEAD_ERR_PLUGIN_SCHEMA`, naming the plugin. */
function checkOptions({ kind, name, options }: PluginDefinition, written: unknown, where: string): Checked {
  try {
    return checkValue(closed(options), written, 'FAIRLEAD_ERR_PLUGIN_OPTIONS');
  } catch (error) {
    if (!isFairleadError(error)) throw error;
    const mend = 'mend the schema that the plugin gives as options; Type.Object({ … }) writes one that compiles';
    throw new FairleadError(error.code, `${kind} plugin "${name}": ${error.what}`, { where, mend, cause: error });
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
