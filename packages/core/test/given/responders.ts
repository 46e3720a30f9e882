import { type Action, definePlugin, type Responder, type ResponderContext, type Signal, Type } from '@fairlead/sdk';
import type { Host } from '../../src/host.ts';

/** What a responder of a test does when it is asked. */
export type Reply = (signal: Signal, context: ResponderContext) => Promise<readonly Action[]>;

/** A responder that does what a test says. */
export const responder = (name: string, reply: Reply) =>
  definePlugin({
    kind: 'responder',
    name,
    apiVersion: 1,
    options: Type.Object({}),
    implementation: class implements Responder {
      respond = reply;
    },
  });

/** An action that does nothing and tells when it is undone. */
export function action(context: ResponderContext, about: Partial<Action> = {}): Action {
  const undo = async (): Promise<void> => undefined;
  const expiresAtUs = context.nowUs + context.ttlMs * 1000;
  return { name: 'act', expiresAtUs, reason: 'told to', rejected: [], undo, ...about };
}

/** Lets virtual time go by, a millisecond at a time, and the responders have their turn in between. */
export async function pass(host: Host, ms: number): Promise<void> {
  for (let done = 0; done < ms; done++) {
    host.run(1000);
    await host.signals.idle();
  }
}

/** Everything that was done, as `state action vm by responder: reason`. */
export const told = (host: Host): string[] =>
  host.signals
    .history()
    .map(
      ({ state, action, vm, responder, reason }) => `${state} ${action} ${vm} by ${responder || 'nobody'}: ${reason}`,
    );
