import type { Action, Signal } from '@fairlead/sdk';
import { conformanceLaws, createInstance, testContext, testVms } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import delayInterrupt from '../src/index.ts';

const laws = conformanceLaws(delayInterrupt, {
  options: [{}, { delayUs: '1ms' }, { forMs: 500, maxPriority: 0, minConfidence: 0.5 }],
});

describe('the delay-interrupt responder', () => {
  it.each(laws)('$name', async ({ check }) => {
    await expect(Promise.resolve(check())).resolves.toBeUndefined();
  });

  const calls: [vm: number, delayUs: number][] = [];
  const context = testContext({
    nowUs: 1_000_000,
    ttlMs: 2000,
    delayInterrupts: async (vm, delayUs) => void calls.push([vm, delayUs]),
  });
  const respond = async (options: object, signal: Partial<Signal> = {}): Promise<readonly Action[]> => {
    calls.length = 0;
    const about: Signal = { kind: 'attack', vm: 1, atUs: 0, confidence: 0.5, evidence: {}, ...signal };
    return createInstance(delayInterrupt, options, { vms: testVms([{}, { priority: 7 }]) }).respond(about, context);
  };

  it('delays what the VM receives, says by how much and what else it thought of, and lifts it once', async () => {
    const [action] = await respond({ delayUs: '35ms', forMs: '1s' });
    expect(action).toMatchObject({
      name: 'delay-interrupt',
      vm: 1,
      expiresAtUs: 2_000_000,
      reason: 'attack of the VM, with confidence 0.5: it is told of each frame 35 ms later',
      rejected: ['rate-limit: frames would be lost', 'suspend: the VM can go on with what it has'],
    });
    await action?.undo();
    await action?.undo();
    expect(calls).toEqual([
      [1, 35_000],
      [1, 0],
    ]);
  });

  it.each([{ maxPriority: 6 }, { minConfidence: 0.6 }])('leaves other VMs and signals alone: %o', async (options) => {
    expect([await respond(options), calls]).toEqual([[], []]);
  });
});
