import { type Static, type TObject, type TProperties, type TUnsafe, Type } from '@sinclair/typebox';
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
export { Type };

declare const unit: unique symbol;
/** A number held in a base unit. In a configuration it may also be written with a unit, as `'200Mbps'`. */
export type Quantity<U extends Unit> = number & { readonly [unit]?: U };

/** What a quantity's schema may say beside its unit. */
export interface QuantityOptions {
  default?: number;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  description?: string;
}

function quantityType<U extends Unit>(base: U, options: QuantityOptions): TUnsafe<Quantity<U>> {
  return Type.Unsafe<Quantity<U>>({ type: 'number', minimum: 0, ...options, unit: base });
}

/** An option that is a rate in bit/s: `Rate({ description: '…' })` takes 200000000 or `'200Mbps'`. */
export const Rate = (options: QuantityOptions = {}): TUnsafe<Quantity<'bps'>> => quantityType('bps', options);
/** An option that is a size in bytes: 65536 or `'64KiB'`. */
export const Size = (options: QuantityOptions = {}): TUnsafe<Quantity<'bytes'>> => quantityType('bytes', options);
/** An option that is a time in microseconds: 20000 or `'20ms'`. */
export const Microseconds = (options: QuantityOptions = {}): TUnsafe<Quantity<'us'>> => quantityType('us', options);
/** An option that is a time in milliseconds: 20 or `'20ms'`. */
export const Milliseconds = (options: QuantityOptions = {}): TUnsafe<Quantity<'ms'>> => quantityType('ms', options);

/** The schema of a plugin's options: an object that refuses unknown keys. */
export type OptionsSchema = TObject<TProperties>;

/** The suffixes that a quantity may be written with. */
export type Suffix = {
  bps: 'bps' | 'kbps' | 'Mbps' | 'Gbps';
  bytes: 'B' | 'KB' | 'MB' | 'KiB' | 'MiB' | 'GiB';
  us: TimeSuffix;
  ms: TimeSuffix;
};
/** The suffixes of a time. */
export type TimeSuffix = 'us' | 'ms' | 's' | 'min' | 'h';

/** What a person may write for a value of type `T`: quantities also with a unit, defaults left out. */
export type Written<T> = typeof unit extends keyof T
  ? T extends { readonly [unit]?: infer U extends Unit }
    ? number | `${number}${Suffix[U]}`
    : never
  : T extends readonly (infer E)[]
    ? readonly Written<E>[]
    : T extends object
      ? { [K in keyof T]?: Written<T[K]> }
      : T;
