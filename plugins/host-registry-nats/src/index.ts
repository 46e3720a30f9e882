import { definePlugin } from '@fairlead/sdk';
import { NatsRegistry } from './nats-registry.ts';
import { natsRegistryOptions } from './options.ts';

export * from './nats-registry.ts';
export * from './options.ts';

/**
 * The plugin: `registry: { use: nats }`.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import nats from '@fairlead/host-registry-nats';
 *
 * const builder = createHost().registry('host-a', use(nats, { servers: ['10.0.0.5:4222'] }));
 * ```
 */
export default definePlugin({
  kind: 'host-registry',
  name: 'nats',
  apiVersion: 1,
  options: natsRegistryOptions,
  implementation: NatsRegistry,
  module: import.meta.url,
});
