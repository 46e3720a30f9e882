import type { PluginPlan } from '@fairlead/core';
import { isFairleadError, type PluginDefinition } from '@fairlead/sdk';
import { conformanceLaws, type Law, LawBroken } from '@fairlead/sdk/testing';
import type { CheckedHostFile } from '../../config/check-host-file.ts';
import type { Finding } from './finding.ts';
import { rehearsePolicy } from './rehearsal.ts';
import { watchOptions } from './watched-options.ts';

/** Scenarios for each law: which options are read hardly depends on the draw. */
const ROUNDS = 5;
const SEED = 1;

/**
 * Options that a configuration writes and that nothing has read, with just these options: not while the plugin was
 * made, nor while the host was rehearsed with it, nor while it went through the laws of its kind. A warning, since what
 * only a rare event reads looks the same.
 */
export async function unusedOptions(checked: CheckedHostFile, plan: PluginPlan): Promise<Finding[]> {
  const written = writtenOptions(checked.file.written, plan.where);
  const paths = pathsOf(written);
  if (paths.length === 0) return [];
  const { definition, read } = watchOptions(plan.definition as unknown as PluginDefinition, plan.options);
  await rehearsePolicy(checked, plan, definition);
  await goThroughLaws(definition);
  return paths
    .filter((path) => !read.has(path))
    .map((path) => ({
      code: 'FAIRLEAD_ERR_PLUGIN_OPTION_UNUSED',
      severity: 'warning',
      what: `${plan.kind} plugin "${plan.name}" never read "${path}" while it was tried with these options`,
      where: `${plan.where}.options.${path}`,
      mend: 'remove it; or the option that makes it count is missing, or has another value',
    }));
}

async function goThroughLaws(definition: PluginDefinition): Promise<void> {
  for (const law of lawsOf(definition)) {
    try {
      await law.check(SEED, ROUNDS);
    } catch (error) {
      // Whether a law holds is not asked here: fairlead plugin test says.
      if (!(error instanceof LawBroken || isFairleadError(error))) throw error;
    }
  }
}

/** None for a plugin whose kit wants to be given something. */
function lawsOf(definition: PluginDefinition): readonly Law[] {
  try {
    return conformanceLaws(definition);
  } catch (error) {
    if (isFairleadError(error)) return [];
    throw error;
  }
}

/** The options of the plugin at a place, as they stand in the file. */
function writtenOptions(written: unknown, where: string): object {
  let at = written;
  for (const key of [...where.split('.'), 'options']) at = (at as Readonly<Record<string, unknown>> | undefined)?.[key];
  return typeof at === 'object' && at !== null ? at : {};
}

/** The paths of what is written, the innermost alone, as `traffic.rateBps`. */
function pathsOf(written: object, prefix = ''): string[] {
  return Object.entries(written).flatMap(([key, value]) => {
    const path = `${prefix}${key}`;
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? pathsOf(value as object, `${path}.`) : [path];
  });
}
