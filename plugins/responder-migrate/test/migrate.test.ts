import type { Action, Signal } from '@fairlead/sdk';
import { conformanceLaws, createInstance, testContext, testVms } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import migrate from '../src/index.ts';

const laws = conformanceLaws(migrate, {
  options: [{}, { forMs: 500, maxPriority: 0, minConfidence: 0.5 }],
});

describe('the migrate responder', () => {
  it.each(laws)('$name', async ({ check }) => {
    await expect(Promise.resolve(check())).resolves.toBeUndefined();
  });

  const calls: number[] = [];
  const context = testContext({ nowUs: 1_000_000, ttlMs: 2000, migrate: async (vm) => void calls.push(vm) });
  const about = (confidence = 0.5): Signal => ({ kind: 'attack', vm: 1, atUs: 0, confidence, evidence: {} });
  const made = (options: object) => createInstance(migrate, options, { vms: testVms([{}, { priority: 7 }]) });

  it('moves the VM, says what else it thought of, and leaves it where it is when the action ends', async () => {
    calls.length = 0;
    const responder = made({});
    const [action] = await responder.respond(about(), context);
    expect(action).toMatchObject({
      name: 'migrate',
      vm: 1,
      expiresAtUs: 3_000_000,
      reason: 'attack of the VM, with confidence 0.5: it runs on another host',
      rejected: ['suspend: another host has room for it'],
    });
    expect(await responder.respond(about(), context)).toEqual([]);
    await action?.undo();
    expect(calls).toEqual([1]);
  });

  it('tries again when no host had room for it', async () => {
    const responder = made({});
    const full = testContext({ migrate: async () => Promise.reject(new Error('no room')) });
    await expect(responder.respond(about(), full)).rejects.toThrow('no room');
    expect((await responder.respond(about(), context)).length).toBe(1);
  });

  it.each([{ maxPriority: 6 }, { minConfidence: 0.6 }])('leaves other VMs and signals alone: %o', async (options) => {
    calls.length = 0;
    const answer: readonly Action[] = await made(options).respond(about(), context);
    expect([answer, calls]).toEqual([[], []]);
  });
});
