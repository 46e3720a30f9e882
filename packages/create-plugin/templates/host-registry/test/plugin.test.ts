import { conformanceLaws, ManualClock } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import plugin, { MyPlugin } from '../src/index.js';

describe('my-plugin', () => {
  it('forgets a host that is silent', async () => {
    const clock = new ManualClock();
    const registry = new MyPlugin(clock, { ttlMs: 5 });
    const self = { name: 'host-a', roomBps: 1e9, load: 0.5, underAttack: false };
    await registry.announce(self);
    clock.advance(4999);
    expect(await registry.hosts()).toEqual([self]);
    clock.advance(1);
    expect(await registry.hosts()).toEqual([]);
  });

  it('gives a VM to the first of a group that claims it, until that one lets go', async () => {
    const clock = new ManualClock();
    const [a, b] = [new MyPlugin(clock, { ttlMs: 5, group: 'test' }), new MyPlugin(clock, { ttlMs: 5, group: 'test' })];
    expect(await Promise.all([a.claim('web', 'host-a'), b.claim('web', 'host-b')])).toEqual([true, false]);
    await b.release('web', 'host-b');
    expect(await b.claim('web', 'host-b')).toBe(false);
    await a.release('web', 'host-a');
    expect(await b.claim('web', 'host-b')).toBe(true);
  });
});

// What the host relies on, tried on scenarios that are drawn from a seed; a failure tells the smallest one.
describe('my-plugin keeps the laws of its kind', () => {
  it.each(conformanceLaws(plugin))('$name', ({ check }) => check());
});
