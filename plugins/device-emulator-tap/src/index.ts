import { definePlugin } from '@fairlead/sdk';
import { tapOptions } from './options.ts';
import { Tap } from './tap.ts';

export { TapQueue } from './tap-queue.ts';
export { Tap, tapOptions };

export default definePlugin({
  kind: 'device-emulator',
  name: 'tap',
  apiVersion: 1,
  options: tapOptions,
  implementation: Tap,
  module: import.meta.url,
});
