import type { Lifecycle } from '@fairlead/sdk';

/** What went wrong on the way, for the log: none of it stops the exchange. */
export type Complain = (plugin: string, message: string) => void;

/** An instance and its plugin's name. */
export interface Named<T> {
  readonly name: string;
  readonly instance: T;
}

/**
 * Gives the state of `from` to `to`, as a structured clone: the two share nothing. Returns who is to serve: `to`, or
 * another instance that `remake` makes when `to` refused the state, since what it took in by then nobody knows.
 */
export function handOver<T extends object>(
  from: Named<T>,
  to: Named<T>,
  remake: () => T,
  complain: Complain,
): { instance: T; handedOver: boolean } {
  const state = exported(from, complain);
  const { importState } = to.instance as Lifecycle;
  if (state === undefined || importState === undefined) return { instance: to.instance, handedOver: false };
  try {
    const answer: unknown = importState.call(to.instance, state, { name: from.name });
    if (answer === undefined) return { instance: to.instance, handedOver: true };
    quieten(answer);
    throw new TypeError('importState returned a value; it must return undefined');
  } catch (cause) {
    complain(to.name, `refused the state of ${from.name} and starts afresh: ${messageOf(cause)}`);
    return { instance: remake(), handedOver: false };
  }
}

function exported({ name, instance }: Named<object>, complain: Complain): unknown {
  const { exportState } = instance as Lifecycle;
  if (exportState === undefined) return undefined;
  try {
    const state = exportState.call(instance);
    quieten(state);
    return structuredClone(state);
  } catch (cause) {
    complain(name, `gave no state that can be handed over: ${messageOf(cause)}`);
    return undefined;
  }
}

/** Lets an instance give back what it took. */
export function disposeOf({ name, instance }: Named<object>, complain: Complain): void {
  try {
    quieten((instance as Lifecycle).dispose?.());
  } catch (cause) {
    complain(name, `dispose() threw: ${messageOf(cause)}`);
  }
}

/** A hook that is async by mistake must not end the thread with a rejection that nobody hears. */
function quieten(answer: unknown): void {
  if (answer instanceof Promise) answer.catch(() => undefined);
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
