import 'reflect-metadata';
import type { Static } from '@sinclair/typebox';
import { type InjectionToken, inject as injectToken, injectable } from 'tsyringe';
import { FairleadError } from './errors.ts';
import type { OptionsSchema } from './options.ts';
import { API_VERSIONS, type ExtensionPoints, type PluginKind } from './points/map.ts';
import type { Token } from './tokens.ts';

/** Names the token that a constructor's parameter is given. */
export function inject(token: Token<unknown>): ParameterDecorator {
  return injectToken(token as InjectionToken) as ParameterDecorator;
}

/** A class that implements an extension point. Plain JavaScript names its tokens in `static inject`. */
export interface PluginClass<T> {
  // biome-ignore lint/suspicious/noExplicitAny: constructor parameters are contravariant, no narrower type accepts them all
  new (...dependencies: any[]): T;
  readonly inject?: readonly Token<unknown>[];
}

/** What a plugin wants the host to prepare for it: `flow` fills `batch.flow` with a hash of each frame's flow. */
export type PluginNeed = 'flow';

export interface PluginDefinition<K extends PluginKind = PluginKind, S extends OptionsSchema = OptionsSchema> {
  readonly kind: K;
  /** Unique within its kind, in kebab case; the package is `@fairlead/<kind>-<name>` or any name of yours. */
  readonly name: string;
  /** Version of the extension point it was written for. */
  readonly apiVersion: number;
  readonly options: S;
  readonly implementation: PluginClass<ExtensionPoints[K]>;
  readonly needs?: readonly PluginNeed[];
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
 * const options = Type.Object({ nic: Type.Integer({ default: 0, minimum: 0 }) });
 * class Pinned implements LoadDistribution {
 *   constructor(@inject(Options) private readonly options: Static<typeof options>) {}
 *   select(batch: TransmitBatch): undefined {
 *     batch.nic.fill(this.options.nic, 0, batch.count);
 *   }
 * }
 * export default definePlugin({ kind: 'load-distribution', name: 'pinned', apiVersion: 1, options, implementation: Pinned });
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
  for (const [index, token] of (target.inject ?? []).entries()) injectToken(token as InjectionToken)(target, undefined, index);
  injectable()(target);
  return Object.freeze(Object.defineProperty({ ...definition }, BRAND, { value: true }));
}

/** True for the result of `definePlugin`, also of another copy of the sdk. */
export function isPluginDefinition(value: unknown): value is PluginDefinition {
  return typeof value === 'object' && value !== null && (value as { [BRAND]?: boolean })[BRAND] === true;
}

/** The validated options of a plugin, as its implementation receives them. */
export type OptionsOf<P> = P extends PluginDefinition<PluginKind, infer S> ? Static<S> : never;
