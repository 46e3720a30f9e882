import {
  type Action,
  definePlugin,
  isFairleadError,
  Options,
  type Responder,
  type ResponderContext,
  type Signal,
  type Static,
  Type,
} from '../../src/index.ts';

export const suspendOptions = Type.Object(
  {
    minConfidence: Type.Number({ default: 0.5, minimum: 0, maximum: 1, description: 'Below it nothing is done.' }),
  },
  { additionalProperties: false },
);

/** Suspends the VM that an attack comes from or goes to, until the action expires. */
export class SuspendResponder implements Responder {
  static readonly inject = [Options];
  /** By VM: what was done to it and is not undone. */
  readonly #standing = new Map<number, Action>();

  constructor(private readonly options: Static<typeof suspendOptions>) {}

  async respond(signal: Signal, context: ResponderContext): Promise<readonly Action[]> {
    const { vm, kind, confidence } = signal;
    if (vm === undefined || kind !== 'attack' || confidence < this.options.minConfidence) return [];
    const standing = this.#standing.get(vm);
    if (standing !== undefined && standing.expiresAtUs > context.nowUs) return [standing];
    await context.suspend(vm);
    const action = this.#action(vm, signal, context);
    this.#standing.set(vm, action);
    return [action];
  }

  #action(vm: number, { confidence }: Signal, context: ResponderContext): Action {
    let undone = false;
    const action: Action = {
      name: 'suspend',
      vm,
      expiresAtUs: context.nowUs + context.ttlMs * 1000,
      reason: `attack with confidence ${confidence}`,
      rejected: ['migrate: the attack would follow the VM'],
      undo: async () => {
        if (undone) return;
        undone = true;
        if (this.#standing.get(vm) === action) this.#standing.delete(vm);
        await context.resume(vm).catch(unlessGone);
      },
    };
    return action;
  }
}

/** A VM that was removed or migrated meanwhile needs no resuming; anything else is for the host to know. */
function unlessGone(error: unknown): void {
  if (isFairleadError(error) && (error.code === 'FAIRLEAD_ERR_UNKNOWN_VM' || error.code === 'FAIRLEAD_ERR_VM_STATE'))
    return;
  throw error;
}

export default definePlugin({
  kind: 'responder',
  name: 'suspend',
  apiVersion: 1,
  options: suspendOptions,
  implementation: SuspendResponder,
});
