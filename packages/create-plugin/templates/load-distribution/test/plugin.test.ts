import { conformanceLaws, testBatch, testNics, testVms } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import plugin, { MyPlugin } from '../src/index.js';

describe('my-plugin', () => {
  it('keeps a VM on its NIC until another one has clearly less pending', () => {
    const nics = testNics([1e9, 1e9]);
    const policy = new MyPlugin(nics, testVms([{}]), { marginBytes: 6000 });
    const batch = testBatch([1514]);
    const chosen = [];
    for (const pendingBytes of [0, 6000, 6001, 0]) {
      nics.pendingBytes[0] = pendingBytes;
      policy.select(batch);
      chosen.push(batch.nic[0]);
    }
    expect(chosen).toEqual([0, 0, 1, 1]);
  });

  it('leaves a NIC that is no longer available', () => {
    const nics = testNics([1e9, 1e9]);
    const policy = new MyPlugin(nics, testVms([{}]), { marginBytes: 6000 });
    policy.select(testBatch([64]));
    nics.setAvailable(1);
    const batch = testBatch([64, 1514]);
    policy.select(batch);
    expect([...batch.nic.subarray(0, batch.count)]).toEqual([1, 1]);
  });
});

// What the host relies on, tried on scenarios that are drawn from a seed; a failure tells the smallest one.
describe('my-plugin keeps the laws of its kind', () => {
  it.each(conformanceLaws(plugin))('$name', ({ check }) => check());
});
