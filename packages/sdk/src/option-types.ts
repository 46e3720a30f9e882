import {
  type ArrayOptions,
  type IntegerOptions,
  type NumberOptions,
  type ObjectOptions,
  type SchemaOptions,
  type StringOptions,
  type TAny,
  type TArray,
  type TBoolean,
  type TInteger,
  type TLiteral,
  type TLiteralValue,
  type TNumber,
  type TObject,
  type TProperties,
  type TRecordOrObject,
  type TSchema,
  type TString,
  type TTuple,
  type TUnion,
  type TUnknown,
  type TUnsafe,
  type Type as TypeBox,
  Type as types,
  type UnsafeOptions,
} from '@sinclair/typebox';

/**
 * An option that has a default, and may therefore be left out. TypeBox forgets at the level of types whether a default
 * was given; the sdk's `Type` remembers it with this.
 *
 * @example
 * ```ts
 * import { type Preset, type TInteger, Type } from '@fairlead/sdk';
 *
 * const mayBeLeftOut: TInteger & Preset = Type.Integer({ default: 16 });
 * ```
 */
export interface Preset {
  /** The value that stands for the option when it is left out. */
  readonly default: unknown;
}

/** `Preset` for schema options that name a default, nothing for others. */
export type PresetOf<O> = O extends Preset ? Preset : unknown;

/** The builders of `Type` that take a default. Each is TypeBox's own, with a result that knows whether it has one. */
interface PresetBuilders {
  Any<O extends SchemaOptions = SchemaOptions>(options?: O): TAny & PresetOf<O>;
  Array<T extends TSchema, O extends ArrayOptions = ArrayOptions>(items: T, options?: O): TArray<T> & PresetOf<O>;
  Boolean<O extends SchemaOptions = SchemaOptions>(options?: O): TBoolean & PresetOf<O>;
  Integer<O extends IntegerOptions = IntegerOptions>(options?: O): TInteger & PresetOf<O>;
  Literal<V extends TLiteralValue, O extends SchemaOptions = SchemaOptions>(
    value: V,
    options?: O,
  ): TLiteral<V> & PresetOf<O>;
  Number<O extends NumberOptions = NumberOptions>(options?: O): TNumber & PresetOf<O>;
  Object<P extends TProperties, O extends ObjectOptions = ObjectOptions>(
    properties: P,
    options?: O,
  ): TObject<P> & PresetOf<O>;
  Record<K extends TSchema, V extends TSchema, O extends ObjectOptions = ObjectOptions>(
    key: K,
    value: V,
    options?: O,
  ): TRecordOrObject<K, V> & PresetOf<O>;
  String<O extends StringOptions = StringOptions>(options?: O): TString & PresetOf<O>;
  Tuple<T extends TSchema[], O extends SchemaOptions = SchemaOptions>(
    types: [...T],
    options?: O,
  ): TTuple<T> & PresetOf<O>;
  Union<T extends TSchema[], O extends SchemaOptions = SchemaOptions>(
    types: [...T],
    options?: O,
  ): TUnion<T> & PresetOf<O>;
  Unknown<O extends SchemaOptions = SchemaOptions>(options?: O): TUnknown & PresetOf<O>;
  Unsafe<T, O extends UnsafeOptions = UnsafeOptions>(options?: O): TUnsafe<T> & PresetOf<O>;
}

/**
 * TypeBox's builder, whose results know whether they have a default.
 *
 * @example
 * ```ts
 * import { type OptionTypes, Type } from '@fairlead/sdk';
 *
 * // The options that several plugins of one package share, from whichever builder they are given.
 * const shared = (types: OptionTypes) => ({ weighted: types.Boolean({ default: false }) });
 * const options = Type.Object({ ...shared(Type), seed: Type.Integer({ default: 1 }) }, { additionalProperties: false });
 * ```
 */
export interface OptionTypes extends Omit<typeof TypeBox, keyof PresetBuilders>, PresetBuilders {}

/**
 * Builds the schema of a plugin's options: TypeBox's own builder, whose results also know whether they have a default.
 * An option without one, and not `Type.Optional`, is one that the compiler asks for where the plugin is used.
 *
 * @example
 * ```ts
 * import { Size, Type } from '@fairlead/sdk';
 *
 * const options = Type.Object(
 *   {
 *     interface: Type.String({ description: 'Linux interface, as `ip link` names it.' }), // must be written
 *     batch: Type.Integer({ default: 64, minimum: 1 }), // may be left out
 *     bufferBytes: Type.Optional(Size({ description: 'As much as fits when left out.' })), // may be left out
 *   },
 *   { additionalProperties: false },
 * );
 * ```
 */
export const Type = types as unknown as OptionTypes;
