import type { Action, Signal } from '@fairlead/sdk';
import { conformanceLaws, createInstance, testContext, testVms } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import suspend from '../src/index.ts';

const laws = conformanceLaws(suspend, {
  options: [{}, { forMs: 500 }, { maxPriority: 0, minConfidence: 0.5 }],
});

describe('the suspend responder', () => {
  it.each(laws)('$name', async ({ check }) => {
    await expect(Promise.resolve(check())).resolves.toBeUndefined();
  });

  const calls: string[] = [];
  const context = testContext({
    nowUs: 1_000_000,
    ttlMs: 2000,
    suspend: async (vm) => void calls.push(`suspend ${vm}`),
    resume: async (vm) => void calls.push(`resume ${vm}`),
    migrate: async (vm) => void calls.push(`migrate ${vm}`),
  });
  const about = (vm: number, confidence = 1): Signal => ({ kind: 'attack', vm, atUs: 0, confidence, evidence: {} });
  const vms = testVms([{ priority: 1 }, { priority: 7 }]);
  const respond = (options: object, signal: Signal): Promise<readonly Action[]> => {
    calls.length = 0;
    return createInstance(suspend, options, { vms }).respond(signal, context);
  };

  it.each([
    { options: {}, expiresAtUs: 3_000_000 },
    { options: { forMs: '500ms' }, expiresAtUs: 1_500_000 },
    { options: { forMs: '1h' }, expiresAtUs: 3_000_000 },
  ])('suspends for its time and no longer than the chain allows: $options', async ({ options, expiresAtUs }) => {
    const [action] = await respond(options, about(0));
    expect(action?.expiresAtUs).toBe(expiresAtUs);
    await action?.undo();
    await action?.undo();
    expect(calls).toEqual(['suspend 0', 'resume 0']);
  });

  it.each([
    { maxPriority: 6, vm: 0, suspended: true },
    { maxPriority: 7, vm: 1, suspended: true },
    { maxPriority: 6, vm: 1, suspended: false },
  ])('leaves VMs of a higher priority to the next responder: $vm with at most $maxPriority', async (given) => {
    await respond({ maxPriority: given.maxPriority }, about(given.vm));
    expect(calls).toEqual(given.suspended ? [`suspend ${given.vm}`] : []);
  });

  it.each([
    { confidence: 0.8, suspended: true },
    { confidence: 0.79, suspended: false },
  ])('leaves what is less certain to the next responder: $confidence', async ({ confidence, suspended }) => {
    await respond({ minConfidence: 0.8 }, about(1, confidence));
    expect(calls).toEqual(suspended ? ['suspend 1'] : []);
  });
});
