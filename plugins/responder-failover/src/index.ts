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
export const failoverOptions = Type.Object(
  {
    to: Type.String({ minLength: 1, description: 'Name of the team of NICs that carries the VM meanwhile.' }),
    ...vmResponderOptions,
  },
  { additionalProperties: false },
);

/**
 * Has another team of NICs carry the frames of the VM that a signal is about, and its own team again when the action ends.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import failover from '@fairlead/responder-failover';
 *
 * const builder = createHost().onSignal('attack', [use(failover, { to: 'scrubbed' })]);
 * ```
 */
export class Failover extends VmResponder<Static<typeof failoverOptions>> {
  constructor(@inject(Vms) vms: VmTable, @inject(Options) options: Static<typeof failoverOptions>) {
    super(vms, options);
  }

  protected override async act(vm: number, context: ResponderContext): Promise<Deed> {
    const { to } = this.options;
    await context.failover(vm, to);
    return {
      name: 'failover',
      how: `team ${to} carries it`,
      rejected: ['suspend: it can be reached over other NICs', 'migrate: another team of this host has room for it'],
      undo: () => context.failover(vm, undefined),
    };
  }
}

/**
 * The plugin: `responders: [{ use: failover, options: { to: spare } }]` in a chain of `signals`.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import failover from '@fairlead/responder-failover';
 *
 * const builder = createHost().onSignal('reservation-unmet', [use(failover, { to: 'spare' })], { forMs: '1s' });
 * ```
 */
export default definePlugin({
  kind: 'responder',
  name: 'failover',
  apiVersion: 1,
  options: failoverOptions,
  implementation: Failover,
  module: import.meta.url,
});
