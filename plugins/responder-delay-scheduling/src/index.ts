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
export const delaySchedulingOptions = Type.Object(
  {
    fraction: Type.Number({
      default: 0.2,
      minimum: 0.01,
      maximum: 0.99,
      description: 'The part of its CPU time that is left to the VM.',
    }),
    ...vmResponderOptions,
  },
  { additionalProperties: false },
);

/**
 * Cuts the CPU time of the VM that a signal is about to a fraction; it has all of it again when the action ends.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import delayScheduling from '@fairlead/responder-delay-scheduling';
 *
 * const builder = createHost().onSignal('attack', [use(delayScheduling, { fraction: 0.1 })]);
 * ```
 */
export class DelayScheduling extends VmResponder<Static<typeof delaySchedulingOptions>> {
  constructor(@inject(Vms) vms: VmTable, @inject(Options) options: Static<typeof delaySchedulingOptions>) {
    super(vms, options);
  }

  protected override async act(vm: number, context: ResponderContext): Promise<Deed> {
    const { fraction } = this.options;
    await context.throttle(vm, fraction);
    return {
      name: 'delay-scheduling',
      how: `it has ${Math.round(fraction * 100)} % of its CPU time`,
      rejected: ['suspend: the VM can still answer, more slowly'],
      undo: () => context.throttle(vm, 1),
    };
  }
}

/**
 * The plugin: `responders: [{ use: delay-scheduling }]` in a chain of `signals`.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import delayScheduling from '@fairlead/responder-delay-scheduling';
 *
 * const builder = createHost().onSignal('attack', [use(delayScheduling)], { forMs: '1s' });
 * ```
 */
export default definePlugin({
  kind: 'responder',
  name: 'delay-scheduling',
  apiVersion: 1,
  options: delaySchedulingOptions,
  implementation: DelayScheduling,
  module: import.meta.url,
});
