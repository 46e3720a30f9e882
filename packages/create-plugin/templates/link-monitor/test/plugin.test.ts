import { conformanceLaws, TestMembers } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import plugin, { MyPlugin } from '../src/index.js';

describe('my-plugin', () => {
  it('says that a NIC is down that hears no keep-alive any more', () => {
    const members = new TestMembers([0, 1]);
    const monitor = new MyPlugin(members, { timeoutMs: 3000 });
    monitor.receive(0, new Uint8Array(60), 1000);
    monitor.poll(3_001_000);
    expect([monitor.verdict(0), monitor.verdict(1)]).toEqual(['up', 'unknown']);
    monitor.poll(3_001_001);
    expect(monitor.verdict(0)).toBe('down');
    expect(members.listened).toEqual([{ etherType: 0x88b6, group: true }]);
  });
});

// What the host relies on, tried on scenarios that are drawn from a seed; a failure tells the smallest one.
describe('my-plugin keeps the laws of its kind', () => {
  it.each(conformanceLaws(plugin))('$name', ({ check }) => check());
});
