import { FairleadError, type PluginDefinition, type PluginKind } from '@fairlead/sdk';
import type { PluginUse } from '../config.ts';
import type { Composition, PluginPlan } from '../plan.ts';
import { pluginUseSchema } from '../plugin-schemas.ts';
import { loadPlugin } from '../plugins/load.ts';
import { type ComposeOptions, PlanLoader } from '../plugins/plan-loader.ts';
import { type Complaint, checkValue } from '../plugins/schema-values.ts';
import type { PolicySection } from '../shadow/shadow-report.ts';
import { presetOf } from '../teams/presets.ts';
import { KIND_OF } from './order.ts';

/** A policy as `Host.swap` and `Host.shadow` take it: what `use` returned, or as in a configuration file. */
export type GivenPolicy<K extends PluginKind> =
  | { readonly definition: PluginDefinition<K>; readonly options: object }
  | PluginUse;

/** Makes each fresh load of a module another one: the process keeps what it has loaded by its whole URL. */
let reloads = 0;

/** Checks and loads a policy. What is wrong with it is thrown before anything has changed. */
export async function loadGiven(
  composition: Composition,
  section: PolicySection,
  given: GivenPolicy<PluginKind>,
  where: string,
  reload: boolean,
): Promise<PluginPlan> {
  const kind = KIND_OF[section];
  const { sources } = composition;
  const definitions = new Map(sources.definitions);
  const complaints: Complaint[] = [];
  let use: PluginUse;
  if ('definition' in given) {
    use = { use: given.definition.name, options: given.options as Record<string, unknown> };
    definitions.set(`${kind}/${use.use}`, given.definition);
  } else {
    const checked = checkValue(pluginUseSchema, given, 'FAIRLEAD_ERR_CONFIG_INVALID');
    throwFirst(checked.complaints.map((complaint) => ({ ...complaint, path: `${where}.${complaint.path}` })));
    use = checked.value as PluginUse;
  }
  const fresh = reload ? await freshModule(sources, kind, use.use, definitions, where) : undefined;
  if (fresh !== undefined) definitions.set(`${kind}/${use.use}`, fresh.definition);
  // It takes a place of the configuration, and what is said there of failures and budgets holds for it.
  const { fail, budget } = composition[section];
  const loader = new PlanLoader({ ...sources, definitions }, complaints);
  const plan = await loader.plan(kind, { ...use, fail, budget }, where);
  throwFirst(complaints);
  return { ...(plan as PluginPlan), ...(fresh === undefined ? {} : { module: fresh.module }) };
}

async function freshModule(
  sources: ComposeOptions,
  kind: PluginKind,
  use: string,
  definitions: ReadonlyMap<string, PluginDefinition>,
  where: string,
): Promise<{ definition: PluginDefinition; module: string }> {
  const given = definitions.get(`${kind}/${use}`);
  const { bases = [process.cwd()] } = sources;
  const module =
    given === undefined
      ? (await loadPlugin(kind, presetOf(kind, use)?.use ?? use, bases, `${where}.use`)).module
      : given.module;
  if (module === undefined) {
    throw new FairleadError('FAIRLEAD_ERR_SWAP', `plugin "${use}" cannot be loaded afresh: its module is not known`, {
      where,
      mend: 'give its definition module: import.meta.url, or name it by path or package',
    });
  }
  const url = new URL(module);
  url.searchParams.set('reload', String(++reloads));
  return loadPlugin(kind, url.href, bases, `${where}.use`);
}

function throwFirst(complaints: readonly Complaint[]): void {
  const [first] = complaints;
  if (first === undefined) return;
  throw new FairleadError(first.code, first.what, { where: first.path, mend: first.mend });
}
