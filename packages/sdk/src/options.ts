import type {
  Static,
  TArray,
  TObject,
  TOptional,
  TProperties,
  TRecord,
  TSchema,
  TString,
  TUnion,
  TUnsafe,
} from '@sinclair/typebox';
import { type Preset, type PresetOf, Type } from './option-types.ts';
import type { Unit } from './units.ts';

// Declarations of packages that only know the sdk name these types; without them here they would mean nothing there.
export type {
  TAny,
  TArray,
  TBoolean,
  TInteger,
  TLiteral,
  TNull,
  TNumber,
  TObject,
  TOptional,
  TProperties,
  TRecord,
  TSchema,
  TString,
  TTuple,
  TUnion,
  TUnknown,
  TUnsafe,
} from '@sinclair/typebox';
export type { Static };

declare const unit: unique symbol;
/** A number held in a base unit. In a configuration it may also be written with a unit, as `'200Mbps'`. */
export type Quantity<U extends Unit> = number & { readonly [unit]?: U };

/**
 * What a quantity's schema may say beside its unit.
 *
 * @example
 * ```ts
 * import { type QuantityOptions, Rate, Size } from '@fairlead/sdk';
 *
 * const atLeastOneFrame: QuantityOptions = { minimum: 1518, description: 'At least one frame.' };
 * const options = { burstBytes: Size({ ...atLeastOneFrame, default: 65_536 }), limitBps: Rate() };
 * ```
 */
export interface QuantityOptions {
  /** The value when the option is left out, in the base unit. */
  default?: number;
  /** The least that is allowed, in the base unit; 0 when left out. */
  minimum?: number;
  /** The value must be above this, in the base unit. */
  exclusiveMinimum?: number;
  /** The most that is allowed, in the base unit. */
  maximum?: number;
  /** What the option means, as error messages and the configuration schema say it. */
  description?: string;
}

function quantityType<U extends Unit, O extends QuantityOptions>(base: U, options: O | undefined) {
  const schema = Type.Unsafe<Quantity<U>>({ type: 'number', minimum: 0, ...options, unit: base });
  return schema as TUnsafe<Quantity<U>> & PresetOf<O>;
}

/**
 * An option that is a rate, held in bit/s: takes 200000000 or `'200Mbps'`.
 *
 * @param options - Bounds and default, in bit/s. Without a minimum it is 0.
 * @example
 * ```ts
 * import { Rate, Type } from '@fairlead/sdk';
 *
 * const options = Type.Object({ limitBps: Rate({ default: 1e9, description: 'Most of it at any time.' }) });
 * ```
 */
export const Rate = <O extends QuantityOptions = QuantityOptions>(
  options?: O,
): TUnsafe<Quantity<'bps'>> & PresetOf<O> => quantityType('bps', options);

/**
 * An option that is a size, held in bytes: takes 65536 or `'64KiB'`.
 *
 * @param options - Bounds and default, in bytes. Without a minimum it is 0.
 * @example
 * ```ts
 * import { Size, Type } from '@fairlead/sdk';
 *
 * const options = Type.Object({ burstBytes: Size({ default: 65_536, minimum: 1518 }) });
 * ```
 */
export const Size = <O extends QuantityOptions = QuantityOptions>(
  options?: O,
): TUnsafe<Quantity<'bytes'>> & PresetOf<O> => quantityType('bytes', options);

/**
 * An option that is a time, held in microseconds: takes 20000 or `'20ms'`.
 *
 * @param options - Bounds and default, in microseconds. Without a minimum it is 0.
 * @example
 * ```ts
 * import { Microseconds, Type } from '@fairlead/sdk';
 *
 * const options = Type.Object({ holdUs: Microseconds({ default: 10_000 }) });
 * ```
 */
export const Microseconds = <O extends QuantityOptions = QuantityOptions>(
  options?: O,
): TUnsafe<Quantity<'us'>> & PresetOf<O> => quantityType('us', options);

/**
 * An option that is a time, held in milliseconds: takes 20 or `'20ms'`.
 *
 * @param options - Bounds and default, in milliseconds. Without a minimum it is 0.
 * @example
 * ```ts
 * import { Milliseconds, Type } from '@fairlead/sdk';
 *
 * const options = Type.Object({ stallMs: Milliseconds({ default: 1000, minimum: 50 }) });
 * ```
 */
export const Milliseconds = <O extends QuantityOptions = QuantityOptions>(
  options?: O,
): TUnsafe<Quantity<'ms'>> & PresetOf<O> => quantityType('ms', options);

/** The schema of a plugin's options: an object that refuses unknown keys. */
export type OptionsSchema = TObject<TProperties>;

/**
 * The suffixes that a quantity may be written with.
 *
 * @example
 * ```ts
 * import type { Suffix } from '@fairlead/sdk';
 *
 * const rate: `${number}${Suffix['bps']}` = '2.5Gbps';
 * ```
 */
export type Suffix = {
  /** Of a rate, decimal: `200Mbps` is 200,000,000 bit/s. */
  bps: 'bps' | 'kbps' | 'Mbps' | 'Gbps';
  /** Of a size, decimal (`64KB` is 64,000 bytes) or binary (`64KiB` is 65,536). */
  bytes: 'B' | 'KB' | 'MB' | 'KiB' | 'MiB' | 'GiB';
  /** Of a time that is held in microseconds. */
  us: TimeSuffix;
  /** Of a time that is held in milliseconds. */
  ms: TimeSuffix;
};
/** The suffixes of a time. */
export type TimeSuffix = 'us' | 'ms' | 's' | 'min' | 'h';

/**
 * What a person may write for a value of type `T`: quantities also with a unit, anything left out. `WrittenValue` is
 * stricter: it knows the schema, and with it what must not be left out.
 *
 * @example
 * ```ts
 * import type { Quantity, Written } from '@fairlead/sdk';
 *
 * const written: Written<{ limitBps: Quantity<'bps'>; name: string }> = { limitBps: '200Mbps' };
 * ```
 */
export type Written<T> = T extends unknown
  ? typeof unit extends keyof T
    ? T extends { readonly [unit]?: infer U extends Unit }
      ? number | `${number}${Suffix[U]}`
      : never
    : T extends readonly (infer E)[]
      ? readonly Written<E>[]
      : T extends object
        ? { [K in keyof T]?: Written<T[K]> }
        : T
  : never;

/** The keys of an object schema that must be written: neither optional nor with a default. */
type RequiredKeys<P extends TProperties> = {
  [K in keyof P]: P[K] extends TOptional<TSchema> | Preset ? never : K;
}[keyof P];

/** An object as it is written: what has a default or is optional may be left out, the rest may not. */
type WrittenObject<P extends TProperties> = { [K in RequiredKeys<P>]: WrittenValue<P[K]> } & {
  [K in Exclude<keyof P, RequiredKeys<P>>]?: WrittenValue<P[K]>;
};

/**
 * What a person must and may write for a schema: quantities also with a unit; what has a default may be left out, what
 * has none and is not optional may not.
 *
 * @example
 * ```ts
 * import { Rate, Type, type WrittenValue } from '@fairlead/sdk';
 *
 * const options = Type.Object({ path: Type.String(), speedBps: Rate({ default: 1e9 }) });
 * const written: WrittenValue<typeof options> = { path: '/run/vm.sock' };
 * ```
 */
export type WrittenValue<S extends TSchema> =
  S extends TObject<infer P>
    ? WrittenObject<P>
    : S extends TArray<infer E>
      ? readonly WrittenValue<E>[]
      : S extends TUnion<infer U>
        ? WrittenValue<U[number]>
        : S extends TRecord<TString, infer V>
          ? { readonly [key: string]: WrittenValue<V> }
          : Written<Static<S>>;
