import { type ErrorCode, FairleadError, isFairleadError, quantity, type Unit } from '@fairlead/sdk';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import ajvFormats from 'ajv-formats';

/** The part of JSON Schema that is walked to find quantities. */
interface SchemaNode {
  readonly unit?: Unit;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
}

const ajv = new Ajv({
  useDefaults: true,
  ownProperties: true,
  strict: false,
  strictNumbers: true,
  allErrors: true,
  verbose: true,
});
ajvFormats.default(ajv);
ajv.addKeyword({ keyword: 'unit', schemaType: 'string' });

const compiled = new WeakMap<object, ValidateFunction>();

/** What is wrong, where, and how to mend it. */
export interface Complaint {
  /** The code of the error it would be. */
  readonly code: ErrorCode;
  /** Path below the value, as `nics[0].driver.options.speedBps`; empty for the value itself. */
  readonly path: string;
  /** What is wrong. */
  readonly what: string;
  /** What to do about it; empty when nothing is known. */
  readonly mend: string;
}

/**
 * Reads a thrown FairleadError as a complaint; `path` is used when the error does not say where. Throws anything else on.
 *
 * @throws The error itself, when it is not a FairleadError.
 * @example
 * ```ts
 * import { complaintFrom } from '@fairlead/core';
 * import { quantity } from '@fairlead/sdk';
 *
 * try {
 *   quantity('5 apples', 'bps');
 * } catch (error) {
 *   console.log(complaintFrom(error, 'vms[0].bandwidth.limitBps').mend);
 * }
 * ```
 */
export function complaintFrom(error: unknown, path: string): Complaint {
  if (!isFairleadError(error)) throw error;
  const { code, where = path, mend = '', message } = error;
  const place = error.where === undefined ? '' : ` (at ${error.where})`;
  const behind = `${place}${error.mend === undefined ? '' : `; ${error.mend}`} [${code}]`;
  const what = message.endsWith(behind) ? message.slice(0, -behind.length) : message;
  return { code, path: where, what, mend };
}

/** A value read against a schema. */
export interface Checked {
  /** The value with numbers for quantities and defaults filled in; to be used only when there is no complaint. */
  readonly value: unknown;
  /** Everything that is wrong with it. */
  readonly complaints: readonly Complaint[];
}

/**
 * Reads what a person wrote against a schema: quantities with units become numbers, defaults are filled in. The
 * written value is left as it is. Complaints are those of our own schemas and of plugins, which are code: trusted, so
 * all errors are asked for at once.
 * @throws FairleadError `FAIRLEAD_ERR_PLUGIN_SCHEMA` when the schema itself does not compile.
 * @example
 * ```ts
 * import { type Checked, checkValue } from '@fairlead/core';
 * import { Rate, Type } from '@fairlead/sdk';
 *
 * const schema = Type.Object({ limitBps: Rate({ default: 1e9 }) }, { additionalProperties: false });
 * const read: Checked = checkValue(schema, { limitBps: '200Mbps' }, 'FAIRLEAD_ERR_PLUGIN_OPTIONS');
 * console.log(read.value, read.complaints.length); // { limitBps: 200000000 } 0
 * ```
 */
export function checkValue(schema: object, written: unknown, invalid: ErrorCode): Checked {
  const complaints: Complaint[] = [];
  const value = normalise(schema as SchemaNode, structuredClone(written ?? {}), '', complaints);
  const validate = compile(schema);
  if (!validate(value)) {
    const errors = validate.errors ?? [];
    const choices = new Set(errors.filter((error) => error.keyword === 'anyOf').map((error) => error.instancePath));
    for (const error of errors) {
      if (error.keyword !== 'anyOf' && choices.has(error.instancePath)) continue; // the branches of a choice that failed
      const complaint = explain(error, invalid);
      if (!complaints.some((other) => other.path === complaint.path)) complaints.push(complaint);
    }
  }
  return { value, complaints };
}

function compile(schema: object): ValidateFunction {
  let validate = compiled.get(schema);
  if (validate === undefined) {
    try {
      validate = ajv.compile(schema);
    } catch (cause) {
      throw new FairleadError('FAIRLEAD_ERR_PLUGIN_SCHEMA', `schema does not compile: ${(cause as Error).message}`, {
        cause,
      });
    }
    compiled.set(schema, validate);
  }
  return validate;
}

function normalise(schema: SchemaNode, value: unknown, path: string, complaints: Complaint[]): unknown {
  if (schema.unit !== undefined && typeof value === 'string') {
    try {
      return quantity(value, schema.unit);
    } catch (error) {
      if (!isFairleadError(error)) throw error;
      const what = `"${value}" is not a quantity in ${schema.unit}`;
      complaints.push({ code: 'FAIRLEAD_ERR_UNIT', path, what, mend: error.mend ?? '' });
      return value;
    }
  }
  if (Array.isArray(value) && schema.items !== undefined) {
    const { items } = schema;
    return value.map((element, i) => normalise(items, element, `${path}[${i}]`, complaints));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const object = value as Record<string, unknown>;
  for (const key of Object.keys(object)) {
    const child = schema.properties?.[key] ?? patternFor(schema, key);
    if (child !== undefined)
      object[key] = normalise(child, object[key], path === '' ? key : `${path}.${key}`, complaints);
  }
  return object;
}

function patternFor(schema: SchemaNode, key: string): SchemaNode | undefined {
  for (const [pattern, child] of Object.entries(schema.patternProperties ?? {})) {
    if (new RegExp(pattern).test(key)) return child;
  }
  return undefined;
}

function explain(error: ErrorObject, code: ErrorCode): Complaint {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replace(/~1/g, '/').replace(/~0/g, '~'))
    .reduce((whole, part) => (/^\d+$/.test(part) ? `${whole}[${part}]` : whole === '' ? part : `${whole}.${part}`), '');
  const shown =
    (typeof error.data === 'number' ? undefined : JSON.stringify(error.data)?.slice(0, 60)) ?? String(error.data);
  if (error.keyword === 'additionalProperties') {
    const key = String(error.params['additionalProperty']);
    const known = Object.keys((error.parentSchema as SchemaNode).properties ?? {});
    const near = closest(key, known);
    return {
      code,
      path: path === '' ? key : `${path}.${key}`,
      what: `there is no "${key}" here`,
      mend: near === undefined ? `use one of: ${known.join(', ')}` : `did you mean "${near}"?`,
    };
  }
  if (error.keyword === 'required') {
    const key = String(error.params['missingProperty']);
    return { code, path: path === '' ? key : `${path}.${key}`, what: `"${key}" is missing`, mend: `add "${key}"` };
  }
  if (error.keyword === 'const' || error.keyword === 'enum' || error.keyword === 'anyOf') {
    const choices = choicesOf(error.parentSchema as ChoiceNode);
    return {
      code,
      path,
      what: `${shown} is not a choice here`,
      mend: choices === '' ? 'see the documentation' : `use one of: ${choices}`,
    };
  }
  return { code, path, what: `${shown} ${error.message ?? 'does not fit'}`, mend: mendFor(error) };
}

interface ChoiceNode extends SchemaNode {
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly ChoiceNode[];
}

function choicesOf(schema: ChoiceNode): string {
  const values = schema.enum ?? schema.anyOf?.map((choice) => choice.const) ?? [schema.const];
  return values.filter((value) => value !== undefined).join(', ');
}

function mendFor(error: ErrorObject): string {
  const { description } = error.parentSchema as { description?: string };
  if (description !== undefined) return `it is: ${description}`;
  const { keyword, params } = error;
  if (keyword === 'type')
    return `write ${/^[aeiou]/.test(String(params['type'])) ? 'an' : 'a'} ${String(params['type'])}`;
  if (keyword === 'minItems') return `list at least ${String(params['limit'])}`;
  if (keyword === 'maxItems') return `list at most ${String(params['limit'])}`;
  return `write a value that ${error.message ?? 'fits'}`;
}

/**
 * The known name that differs least from a mistyped one; undefined when none is near (Levenshtein 1966).
 *
 * @example
 * ```ts
 * import { closest } from '@fairlead/core';
 *
 * console.log(closest('round-robbin', ['round-robin', 'pending-load'])); // round-robin
 * ```
 */
export function closest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase(), least);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

function editDistance(a: string, b: string, bound: number): number {
  if (Math.abs(a.length - b.length) >= bound) return bound;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
