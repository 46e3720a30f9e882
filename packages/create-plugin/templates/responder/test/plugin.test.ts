import { conformanceLaws, testContext } from '@fairlead/sdk/testing';
import { describe, expect, it, vi } from 'vitest';
import plugin, { MyPlugin } from '../src/index.js';

/** What the host lets a responder do, with a record of what it did. */
const contextAt = (nowUs = 0) =>
  testContext({ nowUs, ttlMs: 5, suspend: vi.fn(async () => undefined), resume: vi.fn(async () => undefined) });

describe('my-plugin', () => {
  it('suspends a VM under attack once, and resumes it when the action is undone', async () => {
    const context = contextAt(1000);
    const responder = new MyPlugin({ confidence: 0.5 });
    const attacked = () =>
      responder.respond({ kind: 'attack', vm: 3, atUs: 1000, confidence: 0.8, evidence: {} }, context);
    const actions = await attacked();
    expect(actions).toMatchObject([{ name: 'suspend', vm: 3, expiresAtUs: 6000 }]);
    expect(await attacked()).toEqual([]);
    expect(context.suspend.mock.calls).toEqual([[3]]);
    for (const action of actions) await action.undo();
    expect(context.resume.mock.calls).toEqual([[3]]);
  });

  it('leaves what is not sure enough, or no attack, to the next responder', async () => {
    const context = contextAt();
    const responder = new MyPlugin({ confidence: 0.5 });
    expect(await responder.respond({ kind: 'attack', vm: 0, atUs: 0, confidence: 0.4, evidence: {} }, context)).toEqual(
      [],
    );
    expect(await responder.respond({ kind: 'backlog', vm: 0, atUs: 0, confidence: 1, evidence: {} }, context)).toEqual(
      [],
    );
    expect(context.suspend).not.toHaveBeenCalled();
  });
});

// What the host relies on, tried on scenarios that are drawn from a seed; a failure tells the smallest one.
describe('my-plugin keeps the laws of its kind', () => {
  it.each(conformanceLaws(plugin))('$name', ({ check }) => check());
});
