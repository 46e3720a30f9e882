import { definePlugin } from '@fairlead/sdk';
import { EmbeddedRegistry, embeddedRegistryOptions } from './embedded-registry.ts';

export * from './embedded-registry.ts';
export { putOutOfReach } from './ledger.ts';

/**
 * The plugin: `registry: { use: embedded }`.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import embedded from '@fairlead/host-registry-embedded';
 *
 * const builder = createHost().registry('host-a', use(embedded, { name: 'rack-1' }));
 * ```
 */
export default definePlugin({
  kind: 'host-registry',
  name: 'embedded',
  apiVersion: 1,
  options: embeddedRegistryOptions,
  implementation: EmbeddedRegistry,
  module: import.meta.url,
});
