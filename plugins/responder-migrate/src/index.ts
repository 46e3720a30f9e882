import {
  type Deed,
  definePlugin,
  inject,
  Options,
  type ResponderContext,
  type Static,
  Type,
  VmResponder,
  Vms,
  type VmTable,
  vmResponderOptions,
} from '@fairlead/sdk';

/** Options of the responder. */
export const migrateOptions = Type.Object(
  {
    ...vmResponderOptions,
  },
  { additionalProperties: false },
);

/**
 * Moves the VM that a signal is about to the host that has room for it. The VM stays there: the end of the action only says
 * that it may be moved again. Bouncing it is what an attacker wants.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import migrate from '@fairlead/responder-migrate';
 *
 * const builder = createHost().onSignal('attack', [use(migrate, { minConfidence: 0.9 })], { coolDownMs: '10min' });
 * ```
 */
export class Migrate extends VmResponder<Static<typeof migrateOptions>> {
  constructor(@inject(Vms) vms: VmTable, @inject(Options) options: Static<typeof migrateOptions>) {
    super(vms, options);
  }

  protected override async act(vm: number, context: ResponderContext): Promise<Deed> {
    await context.migrate(vm);
    return {
      name: 'migrate',
      how: 'it runs on another host',
      rejected: ['suspend: another host has room for it'],
      undo: async () => undefined, // it has arrived, and stays
    };
  }
}

/**
 * The plugin: `responders: [{ use: migrate }]` in a chain of `signals`.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import migrate from '@fairlead/responder-migrate';
 *
 * const builder = createHost().onSignal('reservation-unmet', [use(migrate)], { forMs: '10s' });
 * ```
 */
export default definePlugin({
  kind: 'responder',
  name: 'migrate',
  apiVersion: 1,
  options: migrateOptions,
  implementation: Migrate,
  module: import.meta.url,
});
