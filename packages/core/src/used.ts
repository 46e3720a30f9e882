import type { OptionsSchema, PluginDefinition, PluginKind, WrittenValue } from '@fairlead/sdk';

/**
 * Options of a plugin as they are written in code: a quantity also with its unit, an option with a default or not.
 *
 * @example
 * ```ts
 * import type { WrittenOptions } from '@fairlead/core';
 * import type pcap from '@fairlead/nic-driver-pcap';
 *
 * const replayed: WrittenOptions<(typeof pcap)['options']> = { read: 'monday.pcapng', speedBps: '10Gbps' };
 * ```
 */
export type WrittenOptions<S extends OptionsSchema> = WrittenValue<S>;

/**
 * A plugin and its options, for a place in a host. `use` makes it.
 *
 * @example
 * ```ts
 * import { createHost, type Used, use } from '@fairlead/core';
 * import memoryNic from '@fairlead/nic-driver-memory';
 *
 * const driver: Used<'nic-driver'> = use(memoryNic, { speedBps: '10Gbps' });
 * createHost().nic('uplink0', driver);
 * ```
 */
export interface Used<K extends PluginKind> {
  /** What `definePlugin` returned. */
  readonly definition: PluginDefinition<K>;
  /** As written; checked against the plugin's schema when the host is built. */
  readonly options: object;
}

/** The options that come behind a plugin in `use`: left out only when each of them has a default or is optional. */
export type OptionsArgument<S extends OptionsSchema> =
  Record<never, never> extends WrittenOptions<S> ? [options?: WrittenOptions<S>] : [options: WrittenOptions<S>];

/**
 * Pairs a plugin with its options, which the compiler checks against the plugin's schema: an option that does not
 * exist, a value of the wrong type and a missing option that has no default are compile errors. What types cannot say
 * (bounds, patterns) is checked by `build`.
 *
 * @param plugin - What the plugin's package exports as its default.
 * @param options - The plugin's options; quantities as a number in their base unit, or as text with a unit.
 * @example
 * ```ts
 * import { use } from '@fairlead/core';
 * import afPacket from '@fairlead/nic-driver-af-packet';
 * import memoryNic from '@fairlead/nic-driver-memory';
 *
 * const simulated = use(memoryNic, { speedBps: '10Gbps' }); // or use(memoryNic): everything has a default
 * const real = use(afPacket, { interface: 'eth1' }); // without the interface it does not compile
 * ```
 */
export function use<K extends PluginKind, S extends OptionsSchema>(
  plugin: PluginDefinition<K, S>,
  ...[options]: OptionsArgument<S>
): Used<K> {
  return { definition: plugin as unknown as PluginDefinition<K>, options: (options as object | undefined) ?? {} };
}
