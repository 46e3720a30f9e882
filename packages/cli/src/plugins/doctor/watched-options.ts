import { definePlugin, dependenciesOf, Options, type PluginClass, type PluginDefinition } from '@fairlead/sdk';

/** A plugin that remembers which of its options were read, by any of its instances. */
export interface WatchedPlugin {
  readonly definition: PluginDefinition;
  /** Paths within the options, as `traffic.rateBps`. */
  readonly read: ReadonlySet<string>;
}

/** The same plugin, whose instances are all given these options, every read of which is noted. */
export function watchOptions(plugin: PluginDefinition, options: unknown): WatchedPlugin {
  const read = new Set<string>();
  const original = plugin.implementation;
  const tokens = dependenciesOf(original);
  const place = tokens.indexOf(Options);
  const made = function (...given: unknown[]): object {
    return Reflect.construct(
      original,
      given.map((value, i) => (i === place ? noting(options, '', read) : value)),
    );
  };
  const implementation = Object.assign(made, { inject: tokens }) as unknown as PluginClass<never>;
  return { definition: definePlugin({ ...plugin, implementation }) as unknown as PluginDefinition, read };
}

/** A view of a value that notes which of its parts are asked for. Who copies it has asked for all. */
function noting(value: unknown, path: string, read: Set<string>): unknown {
  // A list is taken as one: who asks for it means its elements.
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const note = (key: string): string => {
    const at = path === '' ? key : `${path}.${key}`;
    read.add(at);
    return at;
  };
  return new Proxy(value, {
    get(target, key, receiver) {
      const part: unknown = Reflect.get(target, key, receiver);
      return typeof key === 'symbol' ? part : noting(part, note(key), read);
    },
    has(target, key) {
      if (typeof key === 'string') note(key);
      return Reflect.has(target, key);
    },
  });
}
