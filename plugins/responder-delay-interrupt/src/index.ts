import {
  type Deed,
  definePlugin,
  inject,
  Microseconds,
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
export const delayInterruptOptions = Type.Object(
  {
    delayUs: Microseconds({
      default: 20_000,
      minimum: 1,
      maximum: 60_000_000,
      description: 'How long each frame that the VM receives waits in its ring.',
    }),
    ...vmResponderOptions,
  },
  { additionalProperties: false },
);

/**
 * Has each frame that the VM of a signal receives wait in its virtual NIC's ring, so that the VM is interrupted later; order
 * is kept. When the action ends, what waits goes at once.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import delayInterrupt from '@fairlead/responder-delay-interrupt';
 *
 * const builder = createHost().onSignal('attack', [use(delayInterrupt, { delayUs: '20ms' })]);
 * ```
 */
export class DelayInterrupt extends VmResponder<Static<typeof delayInterruptOptions>> {
  constructor(@inject(Vms) vms: VmTable, @inject(Options) options: Static<typeof delayInterruptOptions>) {
    super(vms, options);
  }

  protected override async act(vm: number, context: ResponderContext): Promise<Deed> {
    const { delayUs } = this.options;
    await context.delayInterrupts(vm, delayUs);
    return {
      name: 'delay-interrupt',
      how: `it is told of each frame ${delayUs / 1000} ms later`,
      rejected: ['rate-limit: frames would be lost', 'suspend: the VM can go on with what it has'],
      undo: () => context.delayInterrupts(vm, 0),
    };
  }
}

/**
 * The plugin: `responders: [{ use: delay-interrupt }]` in a chain of `signals`.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import delayInterrupt from '@fairlead/responder-delay-interrupt';
 *
 * const builder = createHost().onSignal('attack', [use(delayInterrupt)], { forMs: '1s' });
 * ```
 */
export default definePlugin({
  kind: 'responder',
  name: 'delay-interrupt',
  apiVersion: 1,
  options: delayInterruptOptions,
  implementation: DelayInterrupt,
  module: import.meta.url,
});
