import {
  type Action,
  definePlugin,
  inject,
  Milliseconds,
  Options,
  type Responder,
  type ResponderContext,
  type Signal,
  type Static,
  Type,
  Vms,
  type VmTable,
} from '@fairlead/sdk';

/** Options of the responder. */
export const suspendOptions = Type.Object(
  {
    forMs: Type.Optional(
      Milliseconds({
        minimum: 1,
        description: 'How long the VM is suspended at most; the time to live of the chain otherwise.',
      }),
    ),
    maxPriority: Type.Integer({
      default: 255,
      minimum: 0,
      maximum: 255,
      description: 'VMs of a higher priority are left to the next responder.',
    }),
    minConfidence: Type.Number({
      default: 0,
      minimum: 0,
      maximum: 1,
      description: 'Signals that are less certain are left to the next responder.',
    }),
  },
  { additionalProperties: false },
);

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
export class Suspend implements Responder {
  readonly #vms: VmTable;
  readonly #options: Static<typeof suspendOptions>;
  /** By VM number. */
  readonly #standing = new Map<number, Action>();

  constructor(@inject(Vms) vms: VmTable, @inject(Options) options: Static<typeof suspendOptions>) {
    this.#vms = vms;
    this.#options = options;
  }

  async respond(signal: Signal, context: ResponderContext): Promise<readonly Action[]> {
    const { vm, kind, confidence } = signal;
    const { maxPriority, minConfidence, forMs = context.ttlMs } = this.#options;
    if (vm === undefined || this.#standing.has(vm)) return [];
    if (confidence < minConfidence || this.#vms.priority[vm] > maxPriority) return [];
    await context.suspend(vm);
    const action: Action = {
      name: 'suspend',
      vm,
      expiresAtUs: context.nowUs + Math.min(forMs, context.ttlMs) * 1000,
      reason: `${kind} of the VM, with confidence ${confidence}`,
      rejected: [],
      undo: async () => {
        if (this.#standing.get(vm) !== action) return;
        this.#standing.delete(vm);
        await context.resume(vm).catch(() => undefined); // it is gone, and needs no resuming
      },
    };
    this.#standing.set(vm, action);
    return [action];
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
