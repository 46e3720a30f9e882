import { FairleadError, isFairleadError } from '../../errors.ts';
import type { PluginDefinition } from '../../plugin.ts';
import { createInstance, type InstanceParts } from '../instance.ts';
import { readOptions } from '../read-options.ts';

/** The part of a schema that says where an option's bounds are. */
interface Bounded {
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Bounded[];
  readonly properties?: Readonly<Record<string, Bounded>>;
}

/** The configurations that a plugin is tried with, each as a person would write it. */
export interface OptionSets {
  /** The least configuration, then each option at each of its bounds, then the given ones. */
  readonly all: readonly object[];
  /** Those of `all` with which an instance can be made: a plugin may refuse options that do not go together. */
  readonly usable: readonly object[];
  /** The same options with one left out, where the schema takes them so. */
  fewer(options: object): readonly object[];
}

/**
 * The least configuration is the empty one, or the first of the given ones where an option has no default.
 * @throws FairleadError `FAIRLEAD_ERR_PLUGIN_OPTIONS` when an option has no default and nothing is given, or when
 * something given does not fit.
 */
export function optionSets(plugin: PluginDefinition, given: readonly object[] = []): OptionSets {
  const base = isReadable(plugin, {}) ? {} : given[0];
  if (base === undefined) {
    throw new FairleadError('FAIRLEAD_ERR_PLUGIN_OPTIONS', 'an option has no default, so there is nothing to try', {
      where: `${plugin.kind} plugin "${plugin.name}"`,
      mend: 'give options to try: conformanceLaws(plugin, { options: [{ … }] })',
    });
  }
  for (const options of given) readOptions(plugin, options);

  const byReading = new Map<string, object>();
  for (const options of [base, ...withBounds(base, boundsOf(plugin.options as Bounded)), ...given]) {
    if (!isReadable(plugin, options)) continue;
    const reading = JSON.stringify(readOptions(plugin, options));
    if (!byReading.has(reading)) byReading.set(reading, options);
  }
  const all = [...byReading.values()];
  return {
    all,
    usable: all.filter(
      (options) => options === base || given.includes(options) || refusal(plugin, options) === undefined,
    ),
    fewer: (options) =>
      Object.keys(options)
        .map((left) => Object.fromEntries(Object.entries(options).filter(([key]) => key !== left)))
        .filter((fewer) => isReadable(plugin, fewer)),
  };
}

/** Why no instance can be made with these options; undefined when one can. */
export function refusal(
  plugin: PluginDefinition,
  options: object,
  parts: Partial<InstanceParts> = {},
): FairleadError | undefined {
  try {
    createInstance(plugin, options, parts);
    return undefined;
  } catch (error) {
    if (isFairleadError(error)) return error as FairleadError;
    throw error;
  }
}

function isReadable(plugin: PluginDefinition, options: object): boolean {
  try {
    readOptions(plugin, options);
    return true;
  } catch (error) {
    if (isFairleadError(error) && error.code !== 'FAIRLEAD_ERR_PLUGIN_SCHEMA') return false;
    throw error;
  }
}

function withBounds(base: object, bounds: readonly object[]): object[] {
  return bounds.map((bound) => ({ ...base, ...bound }));
}

/** One object for each bound of each property, inner objects likewise. */
function boundsOf(schema: Bounded): object[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    valuesAtBounds(property).map((value) => ({ [name]: value })),
  );
}

function valuesAtBounds(schema: Bounded): unknown[] {
  if (schema.const !== undefined) return [schema.const];
  if (schema.enum !== undefined) return [...schema.enum];
  if (schema.anyOf !== undefined) return schema.anyOf.flatMap(valuesAtBounds);
  if (schema.type === 'boolean') return [false, true];
  if (schema.type === 'object') return boundsOf(schema);
  if (schema.type !== 'number' && schema.type !== 'integer') return [];
  const inside = schema.type === 'integer' ? 1 : 1e-3;
  const bounds = [
    schema.minimum,
    schema.exclusiveMinimum === undefined ? undefined : schema.exclusiveMinimum + inside,
    schema.maximum,
    schema.exclusiveMaximum === undefined ? undefined : schema.exclusiveMaximum - inside,
  ];
  return bounds.filter((bound) => bound !== undefined);
}
