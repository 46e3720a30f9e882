import { definePlugin } from '@fairlead/sdk';
import { tapOptions } from './options.ts';
import { Tap } from './tap.ts';

export { Tap, tapOptions };

/**
 * The plugin: `device: { use: tap }`.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import tap from '@fairlead/device-emulator-tap';
 *
 * const builder = createHost().vm('web', '52:54:00:00:00:01', use(tap, { name: 'web0', mtuBytes: 1500 }));
 * ```
 */
export default definePlugin({
  kind: 'device-emulator',
  name: 'tap',
  apiVersion: 1,
  options: tapOptions,
  implementation: Tap,
  module: import.meta.url,
});
