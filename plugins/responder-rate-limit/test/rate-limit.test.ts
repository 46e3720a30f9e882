import type { Action, Signal } from '@fairlead/sdk';
import { conformanceLaws, createInstance, testContext, testVms } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import rateLimit from '../src/index.ts';

const laws = conformanceLaws(rateLimit, {
  options: [{}, { inboundBps: '1Mbps' }, { outboundFraction: 0.1, outboundBps: 1e6, forMs: 500, minConfidence: 0.5 }],
});

describe('the rate-limit responder', () => {
  it.each(laws)('$name', async ({ check }) => {
    await expect(Promise.resolve(check())).resolves.toBeUndefined();
  });

  const calls: [vm: number, rates: object][] = [];
  const context = testContext({
    nowUs: 1_000_000,
    ttlMs: 2000,
    limitRate: async (vm, rates) => void calls.push([vm, rates]),
  });
  const vms = testVms([{ name: 'free' }, { name: 'bound', limitBps: 40e6, priority: 7 }]);
  const respond = async (options: object, vm = 1): Promise<readonly Action[]> => {
    calls.length = 0;
    const about: Signal = { kind: 'attack', vm, atUs: 0, confidence: 0.5, evidence: {} };
    return createInstance(rateLimit, options, { vms }).respond(about, context);
  };

  it('limits the VM, says to what and what else it thought of, and lifts it once', async () => {
    const [action] = await respond({ inboundBps: '1.5Mbps', outboundBps: '2Mbps' });
    expect(action).toMatchObject({
      name: 'rate-limit',
      vm: 1,
      expiresAtUs: 3_000_000,
      reason: 'attack of the VM, with confidence 0.5: limited to in 1.5 Mbit/s, out 2 Mbit/s',
      rejected: ['suspend: what is within the limit still gets through'],
    });
    await action?.undo();
    await action?.undo();
    expect(calls).toEqual([
      [1, { inboundBps: 1.5e6, outboundBps: 2e6 }],
      [1, {}],
    ]);
  });

  it.each([
    { options: {}, rates: { inboundBps: 20e6, outboundBps: 20e6 } },
    { options: { inboundFraction: 0.25 }, rates: { inboundBps: 10e6 } },
    { options: { outboundFraction: 1 }, rates: { outboundBps: 40e6 } },
    { options: { inboundFraction: 0.25, inboundBps: 9e6 }, rates: { inboundBps: 9e6 } },
    {
      options: { inboundFraction: 0.25, inboundBps: 11e6, outboundBps: 1e6 },
      rates: { inboundBps: 10e6, outboundBps: 1e6 },
    },
  ])('takes the lower one of a rate and a part of the limit: $options', async ({ options, rates }) => {
    await respond(options);
    expect(calls).toEqual([[1, rates]]);
  });

  it('leaves a VM without a limit to the next responder, with the reason, unless it is told a rate', async () => {
    await expect(respond({}, 0)).rejects.toThrow('VM "free" has no limit to take a part of');
    await respond({ inboundFraction: 0.5, inboundBps: 1e6 }, 0);
    expect(calls).toEqual([[0, { inboundBps: 1e6 }]]);
  });

  it.each([{ maxPriority: 6 }, { minConfidence: 0.6 }])('leaves other VMs and signals alone: %o', async (options) => {
    expect([await respond({ inboundBps: 1e6, ...options }), calls]).toEqual([[], []]);
  });
});
