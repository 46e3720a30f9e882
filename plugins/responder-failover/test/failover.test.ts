import type { Action, Signal } from '@fairlead/sdk';
import { conformanceLaws, createInstance, testContext, testVms } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import failover from '../src/index.ts';

const laws = conformanceLaws(failover, {
  options: [{ to: 'spare' }, { to: 'spare', forMs: 500, maxPriority: 0, minConfidence: 0.5 }],
});

describe('the failover responder', () => {
  it.each(laws)('$name', async ({ check }) => {
    await expect(Promise.resolve(check())).resolves.toBeUndefined();
  });

  const calls: [vm: number, team: string | undefined][] = [];
  const context = testContext({
    nowUs: 1_000_000,
    ttlMs: 2000,
    failover: async (vm, team) => void calls.push([vm, team]),
  });
  const respond = async (options: object): Promise<readonly Action[]> => {
    calls.length = 0;
    const about: Signal = { kind: 'attack', vm: 1, atUs: 0, confidence: 0.5, evidence: {} };
    return createInstance(failover, options, { vms: testVms([{}, { priority: 7 }]) }).respond(about, context);
  };

  it('has another team carry the VM, says which and what else it thought of, and its own again once', async () => {
    const [action] = await respond({ to: 'spare' });
    expect(action).toMatchObject({
      name: 'failover',
      vm: 1,
      expiresAtUs: 3_000_000,
      reason: 'attack of the VM, with confidence 0.5: team spare carries it',
      rejected: ['suspend: it can be reached over other NICs', 'migrate: another team of this host has room for it'],
    });
    await action?.undo();
    await action?.undo();
    expect(calls).toEqual([
      [1, 'spare'],
      [1, undefined],
    ]);
  });

  it('wants to be told which team', () => {
    expect(() => createInstance(failover, {})).toThrow('to');
  });

  it.each([{ maxPriority: 6 }, { minConfidence: 0.6 }])('leaves other VMs and signals alone: %o', async (options) => {
    expect([await respond({ to: 'spare', ...options }), calls]).toEqual([[], []]);
  });
});
