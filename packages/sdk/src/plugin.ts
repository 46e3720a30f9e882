import 'reflect-metadata';
import type { Static } from '@sinclair/typebox';
import { type InjectionToken, injectable, inject as injectToken } from 'tsyringe';
import { FairleadError } from './errors.ts';
import type { OptionsSchema } from './options.ts';
import { API_VERSIONS, type ExtensionPoints, type PluginKind } from './points/map.ts';
import type { Token } from './tokens.ts';

/** Tokens of a class's constructor, by parameter. */
const TOKENS = Symbol.for('fairlead.tokens');

/** The type of the constructor's parameter at `I`. */
type ParameterAt<C, I extends number> = C extends abstract new (
  ...dependencies: infer P
) => unknown
  ? P extends readonly unknown[]
    ? P[I]
    : unknown
  : unknown;

/**
 * What the compiler prints when a parameter cannot take what its token gives.
 *
 * @example
 * ```ts
 * import { inject, type TokenMismatch, type NicTable, Vms, type VmTable } from '@fairlead/sdk';
 *
 * class Mixed {
 *   // @ts-expect-error 'number' is not assignable to type 'TokenMismatch<VmTable, NicTable>'
 *   constructor(@inject(Vms) readonly nics: NicTable) {}
 * }
 * const said: TokenMismatch<VmTable, NicTable>['the token gives'] | undefined = undefined;
 * ```
 */
export interface TokenMismatch<Given, Parameter> {
  /** The type that the host passes for the token. */
  readonly 'the token gives': Given;
  /** The type of the parameter that was decorated. */
  readonly 'but the parameter is': Parameter;
}

/**
 * The decorator that `inject` returns. It fits only a parameter that can take what the token gives: TypeScript checks a
 * parameter's decorator with the class and the parameter's number as literal types.
 *
 * @example
 * ```ts
 * import { inject, type Injected, Nics, type NicTable } from '@fairlead/sdk';
 *
 * // A decorator of one's own, with the same check of the parameter's type.
 * const table: Injected<NicTable> = inject(Nics);
 *
 * class First {
 *   constructor(@table readonly nics: NicTable) {}
 * }
 * ```
 */
export type Injected<T> = <C extends object, I extends number>(
  target: C,
  key: string | symbol | undefined,
  index: I & (unknown extends T ? I : T extends ParameterAt<C, I> ? I : TokenMismatch<T, ParameterAt<C, I>>),
) => void;

/**
 * Names the token that a constructor's parameter is given. The parameter must be able to take it: `@inject(Vms) nics:
 * NicTable` does not compile. The options are the exception, since a token cannot know the plugin's schema.
 *
 * @example
 * ```ts
 * import { inject, type LoadDistribution, Nics, type NicTable, type TransmitBatch } from '@fairlead/sdk';
 *
 * class First implements LoadDistribution {
 *   constructor(@inject(Nics) private readonly nics: NicTable) {}
 *
 *   select(batch: TransmitBatch): undefined {
 *     batch.nic.fill(this.nics.available[0], 0, batch.count);
 *   }
 * }
 * ```
 */
export function inject<T>(token: Token<T>): Injected<T> {
  return (target, key, index) => {
    injectToken(token as InjectionToken)(target, key, index);
    // Kept on the class as well: tsyringe's own record is lost on a host that has another copy of it.
    const known = Object.hasOwn(target, TOKENS) ? (target as { [TOKENS]?: Token<unknown>[] })[TOKENS] : undefined;
    const tokens = known ?? [];
    tokens[index] = token;
    Object.defineProperty(target, TOKENS, { value: tokens, configurable: true });
  };
}

/**
 * The tokens that a plugin's constructor asks for, in order; undefined where a parameter names none. For hosts.
 *
 * @example
 * ```ts
 * import { definePlugin, dependenciesOf, inject, Nics, type NicTable, type TransmitBatch, Type } from '@fairlead/sdk';
 *
 * class First {
 *   constructor(@inject(Nics) private readonly nics: NicTable) {}
 *
 *   select(batch: TransmitBatch): undefined {
 *     batch.nic.fill(this.nics.available[0], 0, batch.count);
 *   }
 * }
 * const plugin = definePlugin({
 *   kind: 'load-distribution',
 *   name: 'first',
 *   apiVersion: 1,
 *   options: Type.Object({}),
 *   implementation: First,
 * });
 * console.log(dependenciesOf(plugin.implementation)); // [ Symbol(fairlead.Nics) ]
 * ```
 */
export function dependenciesOf(implementation: PluginClass<unknown>): readonly (Token<unknown> | undefined)[] {
  const tokens = (implementation as { [TOKENS]?: readonly Token<unknown>[] })[TOKENS] ?? [];
  return Array.from({ length: Math.max(implementation.length, tokens.length) }, (_, i) => tokens[i]);
}

/**
 * A class that implements an extension point. Plain JavaScript names its tokens in `static inject`.
 *
 * @example
 * ```ts
 * import type { LoadDistribution, NicTable, PluginClass, TransmitBatch } from '@fairlead/sdk';
 * import { Nics } from '@fairlead/sdk';
 *
 * // As in plain JavaScript, where there are no decorators.
 * class First implements LoadDistribution {
 *   static inject = [Nics];
 *
 *   constructor(private readonly nics: NicTable) {}
 *
 *   select(batch: TransmitBatch): undefined {
 *     batch.nic.fill(this.nics.available[0], 0, batch.count);
 *   }
 * }
 * const implementation: PluginClass<LoadDistribution> = First;
 * ```
 */
export interface PluginClass<T> {
  // Constructor parameters are contravariant: no narrower type accepts them all.
  // oxlint-disable-next-line typescript/no-explicit-any
  new (...dependencies: any[]): T;
  /** Tokens of the constructor's parameters, in their order, where there are no decorators. */
  readonly inject?: readonly Token<unknown>[];
}

/**
 * What a policy wants the host to prepare for it: `flow` fills `batch.flow` with a hash of each frame's flow, `headers`
 * fills `batch.offset` with where each frame begins in `batch.memory`.
 */
export type PluginNeed = 'flow' | 'headers';

/**
 * What a plugin's module exports as its default: the result of `definePlugin`.
 *
 * @example
 * ```ts
 * import { isPluginDefinition, type PluginDefinition } from '@fairlead/sdk';
 *
 * // One line for a list of plugins.
 * function lineOf(plugin: PluginDefinition): string {
 *   return `${plugin.kind} ${plugin.name}, for version ${plugin.apiVersion} of its extension point`;
 * }
 *
 * const loaded: { default?: unknown } = await import('@fairlead/load-distribution-round-robin');
 * if (isPluginDefinition(loaded.default)) console.log(lineOf(loaded.default));
 * ```
 */
export interface PluginDefinition<K extends PluginKind = PluginKind, S extends OptionsSchema = OptionsSchema> {
  /** The extension point that it implements. */
  readonly kind: K;
  /** Unique within its kind, in kebab case; the package is `@fairlead/<kind>-<name>` or any name of yours. */
  readonly name: string;
  /** Version of the extension point it was written for. */
  readonly apiVersion: number;
  /** Schema of its options, checked before an instance is made. */
  readonly options: S;
  /** The class of its instances. */
  readonly implementation: PluginClass<ExtensionPoints[K]>;
  /**
   * What the host prepares for it, at a cost for each frame; nothing when left out. A function of its checked options
   * where not all of them need it.
   */
  readonly needs?: readonly PluginNeed[] | ((options: never) => readonly PluginNeed[]);
  /** Module that exports this definition as default, when its package does not have the conventional name. */
  readonly module?: string;
}

const BRAND = Symbol.for('fairlead.plugin');
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/**
 * Declares a plugin. Export the result as the module's default.
 *
 * @throws FairleadError `FAIRLEAD_ERR_PLUGIN_INVALID` for a kind that does not exist or a name that is not kebab case.
 * @example
 * ```ts
 * import { definePlugin, inject, type LoadDistribution, Options, type Static, type TransmitBatch, Type } from '@fairlead/sdk';
 *
 * const pinnedOptions = Type.Object({ nic: Type.Integer({ default: 0, minimum: 0 }) }, { additionalProperties: false });
 *
 * class Pinned implements LoadDistribution {
 *   constructor(@inject(Options) private readonly options: Static<typeof pinnedOptions>) {}
 *
 *   select(batch: TransmitBatch): undefined {
 *     batch.nic.fill(this.options.nic, 0, batch.count);
 *   }
 * }
 *
 * export default definePlugin({
 *   kind: 'load-distribution',
 *   name: 'pinned',
 *   apiVersion: 1,
 *   options: pinnedOptions,
 *   implementation: Pinned,
 * });
 * ```
 */
export function definePlugin<K extends PluginKind, S extends OptionsSchema>(
  definition: PluginDefinition<K, S>,
): PluginDefinition<K, S> {
  if (!(definition.kind in API_VERSIONS)) {
    throw new FairleadError('FAIRLEAD_ERR_PLUGIN_INVALID', `there is no extension point "${String(definition.kind)}"`, {
      where: `plugin ${definition.name}`,
      mend: `use one of ${Object.keys(API_VERSIONS).join(', ')}`,
    });
  }
  if (!NAME.test(definition.name)) {
    throw new FairleadError('FAIRLEAD_ERR_PLUGIN_INVALID', `"${definition.name}" is not a plugin name`, {
      mend: 'use lower-case words joined by hyphens, as my-policy',
    });
  }
  const target = definition.implementation;
  for (const [index, token] of (target.inject ?? []).entries()) inject(token)(target, undefined, index);
  injectable()(target);
  return Object.freeze(Object.defineProperty({ ...definition }, BRAND, { value: true }));
}

/**
 * True for the result of `definePlugin`, also of another copy of the sdk.
 *
 * @example
 * ```ts
 * import { isPluginDefinition } from '@fairlead/sdk';
 *
 * const loaded: { default?: unknown } = await import('@fairlead/admission-shaping-filter');
 * console.log(isPluginDefinition(loaded.default)); // true
 * ```
 */
export function isPluginDefinition(value: unknown): value is PluginDefinition {
  return typeof value === 'object' && value !== null && (value as { [BRAND]?: boolean })[BRAND] === true;
}

/**
 * The validated options of a plugin, as its implementation receives them.
 *
 * @example
 * ```ts
 * import type roundRobin from '@fairlead/load-distribution-round-robin';
 * import type { OptionsOf } from '@fairlead/sdk';
 *
 * // With every default in place.
 * type Received = OptionsOf<typeof roundRobin>;
 * ```
 */
export type OptionsOf<P> = P extends PluginDefinition<PluginKind, infer S> ? Static<S> : never;
