import type { Action, Signal } from '@fairlead/sdk';
import { conformanceLaws, createInstance, testContext, testVms } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import delayScheduling from '../src/index.ts';

const laws = conformanceLaws(delayScheduling, {
  options: [{}, { fraction: 0.5 }, { forMs: 500, maxPriority: 0, minConfidence: 0.5 }],
});

describe('the delay-scheduling responder', () => {
  it.each(laws)('$name', async ({ check }) => {
    await expect(Promise.resolve(check())).resolves.toBeUndefined();
  });

  const calls: [vm: number, fraction: number][] = [];
  const context = testContext({
    nowUs: 1_000_000,
    ttlMs: 2000,
    throttle: async (vm, fraction) => void calls.push([vm, fraction]),
  });
  const respond = async (options: object): Promise<readonly Action[]> => {
    calls.length = 0;
    const about: Signal = { kind: 'backlog', vm: 1, atUs: 0, confidence: 0.5, evidence: {} };
    return createInstance(delayScheduling, options, { vms: testVms([{}, { priority: 7 }]) }).respond(about, context);
  };

  it('cuts the CPU time, says to what and what else it thought of, and gives it back once', async () => {
    const [action] = await respond({ fraction: 0.125 });
    expect(action).toMatchObject({
      name: 'delay-scheduling',
      vm: 1,
      expiresAtUs: 3_000_000,
      reason: 'backlog of the VM, with confidence 0.5: it has 13 % of its CPU time',
      rejected: ['suspend: the VM can still answer, more slowly'],
    });
    await action?.undo();
    await action?.undo();
    expect(calls).toEqual([
      [1, 0.125],
      [1, 1],
    ]);
  });

  it.each([{ maxPriority: 6 }, { minConfidence: 0.6 }])('leaves other VMs and signals alone: %o', async (options) => {
    expect([await respond(options), calls]).toEqual([[], []]);
  });
});
