import { Kind, type TSchema, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { FairleadError, isFairleadError } from '../errors.ts';
import type { PluginDefinition } from '../plugin.ts';
import { quantity, type Unit } from '../units.ts';

/** The part of a schema in which quantities are looked for. */
interface SchemaNode {
  readonly unit?: Unit;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
}

/**
 * Reads options as a configuration does: quantities may be text with a unit, what is left out has its default, what
 * does not fit the schema is refused.
 * @throws FairleadError `FAIRLEAD_ERR_PLUGIN_OPTIONS`, `FAIRLEAD_ERR_UNIT` or `FAIRLEAD_ERR_PLUGIN_SCHEMA`.
 */
export function readOptions({ kind, name, options: schema }: PluginDefinition, written: object = {}): unknown {
  const where = `options of ${kind} plugin "${name}"`;
  const checkable = withoutUnsafe(schema, where);
  const numbers = readQuantities(schema as SchemaNode, structuredClone(written), where);
  const value = Value.Default(checkable, numbers);
  const error = Value.Errors(checkable, value).First();
  if (error === undefined) return value;
  const at = error.path.split('/').slice(1).join('.');
  throw new FairleadError('FAIRLEAD_ERR_PLUGIN_OPTIONS', `${show(error.value)}: ${error.message.toLowerCase()}`, {
    where: at === '' ? where : `${where}, ${at}`,
    mend: 'give options that fit the schema of the plugin',
  });
}

function show(value: unknown): string {
  return value === undefined ? 'nothing is given' : (JSON.stringify(value) ?? String(value)).slice(0, 60);
}

/** Quantities are typed as unsafe, which typebox does not check; to it they are plain numbers. */
function withoutUnsafe(schema: unknown, where: string): TSchema {
  if (!isSchema(schema)) {
    throw new FairleadError('FAIRLEAD_ERR_PLUGIN_SCHEMA', 'the options are not described by a schema', {
      where,
      mend: 'describe them with Type.Object(…) of the sdk',
    });
  }
  return replaceUnsafe(schema) as TSchema;
}

function isSchema(value: unknown): value is TSchema {
  return typeof value === 'object' && value !== null && Kind in value;
}

function replaceUnsafe(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(replaceUnsafe);
  if (typeof node !== 'object' || node === null) return node;
  if (isSchema(node) && node[Kind] === 'Unsafe' && node['type'] === 'number')
    return { ...node, ...kindOf(Type.Number()) };
  const copy: Record<PropertyKey, unknown> = {};
  // Kinds and optionality are kept under symbols.
  for (const key of Reflect.ownKeys(node)) {
    const value = (node as Record<PropertyKey, unknown>)[key];
    copy[key] = key === 'default' || key === 'const' || key === 'enum' ? value : replaceUnsafe(value);
  }
  return copy;
}

function kindOf(schema: TSchema): { [Kind]: string } {
  return { [Kind]: schema[Kind] };
}

function readQuantities(schema: SchemaNode, value: unknown, where: string): unknown {
  if (schema.unit !== undefined && typeof value === 'string') return quantity(value, schema.unit, where);
  const choices = schema.anyOf ?? [];
  for (const choice of choices) {
    try {
      const read = readQuantities(choice, value, where);
      if (read !== value) return read;
    } catch (error) {
      if (!isFairleadError(error)) throw error;
    }
  }
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((element, i) => readQuantities(items, element, `${where}[${i}]`));
  }
  if (typeof value !== 'object' || value === null) return value;
  const read: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    const child = schema.properties?.[key] ?? patternFor(schema, key);
    read[key] = child === undefined ? inner : readQuantities(child, inner, `${where}, ${key}`);
  }
  return read;
}

function patternFor(schema: SchemaNode, key: string): SchemaNode | undefined {
  return Object.entries(schema.patternProperties ?? {}).find(([pattern]) => new RegExp(pattern).test(key))?.[1];
}
