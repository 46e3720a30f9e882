import { Type } from './option-types.ts';
import { Milliseconds, type Static } from './options.ts';
import type { Responder, ResponderContext } from './points/responder.ts';
import type { Action, Signal } from './points/signal.ts';
import type { VmTable } from './vm-table.ts';

/**
 * Options of every responder that does one thing to the VM of a signal: for how long, and to which VMs.
 *
 * @example
 * ```ts
 * import { Type, vmResponderOptions } from '@fairlead/sdk';
 *
 * const options = Type.Object({ ...vmResponderOptions, loud: Type.Boolean({ default: false }) });
 * ```
 */
export const vmResponderOptions = {
  forMs: Type.Optional(
    Milliseconds({ minimum: 1, description: 'How long it stands at most; the time to live of the chain otherwise.' }),
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
} as const;

const bare = Type.Object(vmResponderOptions);

/** What a `VmResponder` has done to a VM. */
export interface Deed {
  /** In a word. */
  readonly name: string;
  /** With how much, for the record: `to 20 % of its CPU time`. */
  readonly how?: string;
  /** What was considered and not done, and why. */
  readonly rejected: readonly string[];
  /** Takes it back. Called once; that it rejects, since the VM is gone, is no matter. */
  undo(): Promise<void>;
}

/**
 * A responder that does one thing to the VM of a signal: once while its action stands, to no VM of too high a priority,
 * about no signal that is too uncertain. What is left to say is the thing itself.
 *
 * @example
 * ```ts
 * import { type Deed, inject, Options, type ResponderContext, type Static, Type, Vms, type VmTable } from '@fairlead/sdk';
 * import { VmResponder, vmResponderOptions } from '@fairlead/sdk';
 *
 * const options = Type.Object({ ...vmResponderOptions, fraction: Type.Number({ default: 0.5 }) });
 *
 * // Halves a VM's CPU time.
 * class Slow extends VmResponder<Static<typeof options>> {
 *   constructor(@inject(Vms) vms: VmTable, @inject(Options) given: Static<typeof options>) {
 *     super(vms, given);
 *   }
 *
 *   protected override async act(vm: number, context: ResponderContext): Promise<Deed> {
 *     await context.throttle(vm, this.options.fraction);
 *     return { name: 'slow', rejected: ['suspend: it can still work'], undo: () => context.throttle(vm, 1) };
 *   }
 * }
 * ```
 */
export abstract class VmResponder<O extends Static<typeof bare> = Static<typeof bare>> implements Responder {
  /** The VM-specific information. */
  protected readonly vms: VmTable;
  /** As they were given, with every default in place. */
  protected readonly options: O;
  /** By VM number. */
  readonly #standing = new Map<number, Action>();

  constructor(vms: VmTable, options: O) {
    this.vms = vms;
    this.options = options;
  }

  /** Does it; rejects when that is not possible, and has then done nothing that would have to be undone. */
  protected abstract act(vm: number, context: ResponderContext, signal: Signal): Promise<Deed>;

  /** Acts on the VM of a signal, unless that is for another responder or has been done already. */
  async respond(signal: Signal, context: ResponderContext): Promise<readonly Action[]> {
    const { vm, kind, confidence } = signal;
    const { maxPriority, minConfidence, forMs = context.ttlMs } = this.options;
    if (vm === undefined || this.#standing.has(vm)) return [];
    if (confidence < minConfidence || this.vms.priority[vm] > maxPriority) return [];
    const { name, how, rejected, undo } = await this.act(vm, context, signal);
    const why = `${kind} of the VM, with confidence ${confidence}`;
    const action: Action = {
      name,
      vm,
      expiresAtUs: context.nowUs + Math.min(forMs, context.ttlMs) * 1000,
      reason: how === undefined ? why : `${why}: ${how}`,
      rejected,
      undo: async () => {
        if (this.#standing.get(vm) !== action) return;
        this.#standing.delete(vm);
        await undo().catch(() => undefined); // it is gone, and there is nothing to undo
      },
    };
    this.#standing.set(vm, action);
    return [action];
  }
}
