import type { Action, Signal } from './signal.ts';

/** What a responder may use: the managers of the host, narrowed to what an action needs. */
export interface ResponderContext {
  readonly nowUs: number;
  /** How long the action may stand, from the configuration of the chain. */
  readonly ttlMs: number;
  suspend(vm: number): Promise<void>;
  resume(vm: number): Promise<void>;
  migrate(vm: number): Promise<void>;
}

/**
 * What is done about a signal? Control path, on the host's own thread, at most one call at a time per chain.
 *
 * A responder returns the actions it took, or none to pass the signal to the next responder of the chain. It must be
 * idempotent: a signal that persists is offered again, and an action that stands already is not taken twice. A
 * rejection is recorded and the next responder is asked.
 */
export interface Responder {
  /** Called for each signal that reaches this place in its chain. */
  respond(signal: Signal, context: ResponderContext): Promise<readonly Action[]>;
}
