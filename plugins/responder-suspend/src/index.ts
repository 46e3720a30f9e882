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
export const suspendOptions = Type.Object(vmResponderOptions, { additionalProperties: false });

/**
 * Suspends the VM that a signal is about; it runs on when the action expires or is undone.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import suspend from '@fairlead/responder-suspend';
 *
 * const builder = createHost().onSignal('failover', [use(suspend, { forMs: '5s' })]);
 * ```
 */
export class Suspend extends VmResponder<Static<typeof suspendOptions>> {
  constructor(@inject(Vms) vms: VmTable, @inject(Options) options: Static<typeof suspendOptions>) {
    super(vms, options);
  }

  protected override async act(vm: number, context: ResponderContext): Promise<Deed> {
    await context.suspend(vm);
    return { name: 'suspend', rejected: [], undo: () => context.resume(vm) };
  }
}

/**
 * The plugin: `responders: [{ use: suspend }]` in a chain of `signals`.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import suspend from '@fairlead/responder-suspend';
 *
 * const builder = createHost().onSignal('backlog', [use(suspend, { maxPriority: 10 })], { forMs: '1s' });
 * ```
 */
export default definePlugin({
  kind: 'responder',
  name: 'suspend',
  apiVersion: 1,
  options: suspendOptions,
  implementation: Suspend,
  module: import.meta.url,
});
