import type { JsonSchema } from '../schema/published.ts';
import { SUFFIXES } from '../schema/quantity-text.ts';

/** One option of a plugin, as a person looks it up. */
export interface OptionRow {
  /** Path within the options, as `traffic.rateBps`. */
  readonly path: string;
  /** As `number of bps`, `boolean`, `"a" or "b"`, `list of text`. */
  readonly type: string;
  /** The suffixes that a quantity may be written with. */
  readonly suffixes?: readonly string[];
  readonly default?: unknown;
  /** True when a configuration must have it. */
  readonly required: boolean;
  readonly bounds?: string;
  readonly description?: string;
}

/** The options that a schema describes, those within others behind them. */
export function optionRows(schema: JsonSchema, prefix = ''): readonly OptionRow[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([key, option]) => {
    const path = `${prefix}${key}`;
    const { unit, description, default: standard } = option;
    const bounds = boundsOf(option);
    const row: OptionRow = {
      path,
      type: typeOf(option),
      ...(unit === undefined ? {} : { suffixes: SUFFIXES[unit] }),
      ...(standard === undefined ? {} : { default: standard }),
      required: required.has(key) && standard === undefined,
      ...(bounds === '' ? {} : { bounds }),
      ...(description === undefined ? {} : { description }),
    };
    return [row, ...optionRows(option, `${path}.`), ...optionRows(option.items ?? {}, `${path}[].`)];
  });
}

const UNITS: Readonly<Record<string, string>> = {
  bps: 'bit/s',
  bytes: 'bytes',
  us: 'microseconds',
  ms: 'milliseconds',
};

function typeOf({ unit, type, items, anyOf, const: only, patternProperties }: JsonSchema): string {
  if (unit !== undefined) return UNITS[unit] ?? unit;
  if (only !== undefined) return JSON.stringify(only);
  if (anyOf !== undefined) return anyOf.map(typeOf).join(' or ');
  if (items !== undefined) return `list of ${typeOf(items)}`;
  if (patternProperties !== undefined) return `map of ${Object.values(patternProperties).map(typeOf).join(' or ')}`;
  if (type === 'string') return 'text';
  return typeof type === 'string' ? type : 'anything';
}

function boundsOf(schema: JsonSchema): string {
  const bounds: readonly (readonly [string, string])[] = [
    ['minimum', 'at least'],
    ['exclusiveMinimum', 'more than'],
    ['maximum', 'at most'],
    ['exclusiveMaximum', 'less than'],
  ];
  return bounds
    .filter(
      ([key]) => schema[key] !== undefined && !(key === 'minimum' && schema[key] === 0 && schema.unit !== undefined),
    )
    .map(([key, words]) => `${words} ${String(schema[key])}`)
    .join(', ');
}
