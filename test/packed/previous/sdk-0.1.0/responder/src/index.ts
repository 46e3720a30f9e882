import type { Action, Responder, ResponderContext, Signal, Static } from '@fairlead/sdk';
import { definePlugin, inject, isFairleadError, Options, Type } from '@fairlead/sdk';

export const previousResponderOptions = Type.Object(
  {
    confidence: Type.Number({
      default: 0.5,
      minimum: 0,
      maximum: 1,
      description: 'A VM is suspended on attacks that are at least this sure.',
    }),
  },
  { additionalProperties: false },
);

/** Suspends a VM under attack, until the action expires. Other signals go to the next responder of the chain. */
export class PreviousResponder implements Responder {
  /** When the suspension of each VM ends, in microseconds: an action that stands is not taken twice. */
  readonly #untilUs = new Map<number, number>();

  constructor(@inject(Options) private readonly options: Static<typeof previousResponderOptions>) {}

  async respond(signal: Signal, context: ResponderContext): Promise<readonly Action[]> {
    const { vm } = signal;
    if (signal.kind !== 'attack' || vm === undefined || signal.confidence < this.options.confidence) return [];
    if ((this.#untilUs.get(vm) ?? 0) > context.nowUs) return [];
    const expiresAtUs = context.nowUs + context.ttlMs * 1000;
    // Remembered first: the same signal may come again while the suspension is under way.
    this.#untilUs.set(vm, expiresAtUs);
    try {
      await context.suspend(vm);
    } catch (error) {
      this.#untilUs.delete(vm);
      throw error;
    }
    let undone = false;
    const undo = async (): Promise<void> => {
      if (undone) return;
      undone = true;
      this.#untilUs.delete(vm);
      try {
        await context.resume(vm);
      } catch (error) {
        // A VM that has gone meanwhile needs no more.
        if (!isFairleadError(error) || error.code !== 'FAIRLEAD_ERR_UNKNOWN_VM') throw error;
      }
    };
    const reason = `attack, confidence ${signal.confidence}`;
    return [{ name: 'suspend', vm, expiresAtUs, reason, rejected: [], undo }];
  }
}

export default definePlugin({
  kind: 'responder',
  name: 'previous-responder',
  apiVersion: 1,
  options: previousResponderOptions,
  implementation: PreviousResponder,
  module: import.meta.url,
});
