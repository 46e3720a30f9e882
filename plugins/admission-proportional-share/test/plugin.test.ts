import { isPluginDefinition, REQUIRED_HOOKS } from '@fairlead/sdk';
import { conformanceLaws, testBatch, testNics, testVms } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import plugin, { options, ProportionalShare } from '../src/index.ts';
import { written } from './simulated-host.ts';

it('is the admission plugin proportional-share', () => {
  expect(isPluginDefinition(plugin)).toBe(true);
  expect([plugin.kind, plugin.name, plugin.implementation]).toEqual([
    'admission',
    'proportional-share',
    ProportionalShare,
  ]);
});

it('has every hook of its point', () => {
  const policy = new ProportionalShare(testNics([1e9]), testVms([{}]), written());
  for (const hook of REQUIRED_HOOKS.admission) expect(policy[hook as 'admit']).toBeTypeOf('function');
});

it('describes every option and gives each a default', () => {
  for (const property of Object.values(options.properties)) {
    expect(property).toHaveProperty('description');
    expect(property).toHaveProperty('default');
  }
  expect(options.additionalProperties).toBe(false);
});

describe('as every admission policy, it', () => {
  it.each(conformanceLaws(plugin))('$name', ({ check }) => expect(check).not.toThrow());
});

describe('one batch', () => {
  function offer(nics: ReturnType<typeof testNics>, row: Parameters<typeof testVms>[0][number], ...bytes: number[]) {
    const policy = new ProportionalShare(nics, testVms([row]), written({ leastBytes: 6072, targetUs: 10 }));
    const batch = testBatch(bytes);
    policy.admit(batch);
    return batch;
  }

  it('is admitted up to the frame that fills the target', () => {
    const batch = offer(testNics([1e9]), {}, 3000, 3000, 3000, 3000);
    expect([batch.queuedFrom, batch.retryAtUs, batch.drops]).toEqual([3, 0, 0]);
  });

  it('finds the room of all available NICs together, and no other', () => {
    const nics = testNics([1e9, 1e9, 1e9]);
    nics.setAvailable(0, 2);
    expect(offer(nics, {}, ...Array(9).fill(3000)).queuedFrom).toBe(5);
  });

  it('waits for the next sweep while the queues are at their target', () => {
    const nics = testNics([1e9]);
    nics.pendingBytes[0] = 6072;
    const batch = offer(nics, {}, 60);
    expect([batch.queuedFrom, batch.retryAtUs]).toEqual([0, 0]);
  });

  it('may go beyond the target as far as it is reserved, up to twice the target', () => {
    const nics = testNics([1e9]);
    nics.pendingBytes[0] = 10_000;
    expect(offer(nics, { reservationBps: 1e9 }, ...Array(8).fill(715)).queuedFrom).toBe(3);
  });

  it('waits as well while a queue is full of small frames', () => {
    const nics = testNics([100e9]);
    nics.pendingFrames[0] = 384;
    expect(offer(nics, {}, 60).queuedFrom).toBe(0);
    nics.pendingFrames[0] = 383;
    expect(offer(nics, {}, 60).queuedFrom).toBe(1);
  });

  it('waits when there is no NIC at all', () => {
    const nics = testNics([1e9]);
    nics.setAvailable();
    expect(offer(nics, { reservationBps: 1e9 }, 60).queuedFrom).toBe(0);
  });

  it.each([0, Number.NaN, Number.POSITIVE_INFINITY])('takes a NIC of speed %s for one of 10 Gbit/s', (speedBps) => {
    expect(offer(testNics([speedBps]), {}, ...Array(10).fill(3125)).queuedFrom).toBe(4);
  });

  it('names the time at which its limit lets it go on', () => {
    const batch = offer(testNics([1e9]), { limitBps: 8e6 }, 1518, 1518, 500);
    expect([batch.queuedFrom, batch.retryAtUs]).toEqual([2, 500]);
  });
});
