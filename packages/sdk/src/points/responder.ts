import type { Action, Signal } from './signal.ts';

/** What a responder may use: the managers of the host, narrowed to what an action needs. */
export interface ResponderContext {
  /** The clock, in microseconds. */
  readonly nowUs: number;
  /** How long the action may stand, from the configuration of the chain. */
  readonly ttlMs: number;
  /** Suspends a VM, by its number. */
  suspend(vm: number): Promise<void>;
  /** Resumes a VM, by its number. */
  resume(vm: number): Promise<void>;
  /** Moves a VM to the host that has room for it, by its number. It stays there: this is done, and not undone. */
  migrate(vm: number): Promise<void>;
  /** Cuts a VM's CPU time to a fraction in (0, 1]; 1 lifts it. */
  throttle(vm: number, fraction: number): Promise<void>;
  /**
   * Has each frame that a VM receives wait in its virtual NIC's ring for a time, in microseconds, before the VM is told
   * of it; order is kept. 0 lifts it.
   */
  delayInterrupts(vm: number, delayUs: number): Promise<void>;
  /** Polices what a VM sends and receives to rates in bit/s; what is left out, or Infinity, is not limited. */
  limitRate(vm: number, rates: { readonly inboundBps?: number; readonly outboundBps?: number }): Promise<void>;
  /** Has another team of NICs carry a VM's frames, by its name; the VM's own team again by undefined. */
  failover(vm: number, team: string | undefined): Promise<void>;
}

/**
 * What is done about a signal? Control path, on the host's own thread, at most one call at a time per chain.
 *
 * A responder returns the actions it took, or none to pass the signal to the next responder of the chain. It must be
 * idempotent: a signal that persists is offered again, and an action that stands already, neither expired nor undone,
 * is not taken twice: the answer is the same action again, the same object, or none. A rejection is recorded and the
 * next responder is asked.
 *
 * It acts on the VM that the signal names and on no other; about a signal that names none it does nothing to a VM.
 * It claims no action that the host refused: when a call of the context rejects, it passes the rejection on or returns
 * none, and tries again when it is asked again. Actions may be undone while it responds to another signal.
 *
 * @example
 * ```ts
 * import type { Action, Responder, ResponderContext, Signal } from '@fairlead/sdk';
 *
 * // Suspends the VM that an attack is about.
 * class Suspend implements Responder {
 *   readonly #suspended = new Set<number>();
 *
 *   async respond(signal: Signal, context: ResponderContext): Promise<readonly Action[]> {
 *     const { vm } = signal;
 *     if (signal.kind !== 'attack' || vm === undefined || this.#suspended.has(vm)) return [];
 *     await context.suspend(vm);
 *     this.#suspended.add(vm);
 *     const undo = async (): Promise<void> => {
 *       if (this.#suspended.delete(vm)) await context.resume(vm).catch(() => undefined); // it may be gone
 *     };
 *     const expiresAtUs = context.nowUs + context.ttlMs * 1000;
 *     return [{ name: 'suspend', vm, expiresAtUs, reason: 'attack', rejected: [], undo }];
 *   }
 * }
 * ```
 */
export interface Responder {
  /** Called for each signal that reaches this place in its chain. */
  respond(signal: Signal, context: ResponderContext): Promise<readonly Action[]>;
}
