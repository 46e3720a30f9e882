import type { Unit } from '@fairlead/sdk';
import { quantityPattern, SUFFIXES } from './quantity-text.ts';

/** A JSON Schema, of which only the parts that are looked at have a type. */
export interface JsonSchema {
  [keyword: string]: unknown;
  unit?: Unit;
  description?: string;
  default?: unknown;
  required?: string[];
  properties?: Record<string, JsonSchema>;
  patternProperties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
}

/**
 * A schema that Fairlead checks values against, as one for what a person writes: quantities may have a unit, what has a
 * default may be left out, and a choice between constants is an enumeration, which editors complete best.
 */
export function published(schema: JsonSchema): JsonSchema {
  const { unit, properties, patternProperties, items, anyOf, required, ...rest } = schema;
  if (unit !== undefined) return quantity(rest, unit);
  if (anyOf?.every((choice) => 'const' in choice)) return { ...rest, enum: anyOf.map((choice) => choice['const']) };
  const missing = required?.filter((key) => properties?.[key]?.default === undefined) ?? [];
  return {
    ...rest,
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map(published) }),
    ...(items === undefined ? {} : { items: published(items) }),
    ...(missing.length === 0 ? {} : { required: missing }),
    ...(properties === undefined ? {} : { properties: eachOf(properties) }),
    ...(patternProperties === undefined ? {} : { patternProperties: eachOf(patternProperties) }),
  };
}

function eachOf(schemas: Record<string, JsonSchema>): Record<string, JsonSchema> {
  return Object.fromEntries(Object.entries(schemas).map(([key, schema]) => [key, published(schema)]));
}

function quantity({ description, default: standard, ...number }: JsonSchema, unit: Unit): JsonSchema {
  const suffixes = SUFFIXES[unit].join(', ');
  return {
    ...(description === undefined ? {} : { description }),
    ...(standard === undefined ? {} : { default: standard }),
    anyOf: [number, { type: 'string', pattern: quantityPattern(unit), description: `a number and one of ${suffixes}` }],
  };
}
