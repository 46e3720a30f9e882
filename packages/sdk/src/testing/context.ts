import type { ResponderContext } from '../points/responder.ts';

const nothing = async (): Promise<undefined> => undefined;

/**
 * What a responder may use, for its tests: every call succeeds and does nothing, but for those that are given.
 *
 * @example
 * ```ts
 * import { testContext } from '@fairlead/sdk/testing';
 *
 * const suspended: number[] = [];
 * const context = testContext({ nowUs: 1000, suspend: async (vm) => void suspended.push(vm) });
 * await context.suspend(3);
 * console.log(suspended); // [ 3 ]
 * ```
 */
export function testContext<G extends Partial<ResponderContext>>(given?: G): ResponderContext & G {
  const still: ResponderContext = {
    nowUs: 0,
    ttlMs: 1000,
    suspend: nothing,
    resume: nothing,
    migrate: nothing,
    throttle: nothing,
    delayInterrupts: nothing,
    limitRate: nothing,
    failover: nothing,
  };
  return { ...still, ...(given as G) };
}
