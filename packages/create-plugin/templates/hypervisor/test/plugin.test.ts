import { conformanceLaws } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import plugin, { MyPlugin } from '../src/index.js';

const vm = { index: 0, name: 'web' };

describe('my-plugin', () => {
  it('suspends, resumes and stops a VM, each as often as it is asked to', async () => {
    const hypervisor = new MyPlugin({ destinations: [] });
    const seen = [];
    for (const hook of [hypervisor.start, hypervisor.suspend, hypervisor.resume, hypervisor.stop]) {
      await hook.call(hypervisor, vm);
      await hook.call(hypervisor, vm);
      seen.push(await hypervisor.status(vm));
    }
    expect(seen).toEqual(['running', 'suspended', 'running', 'stopped']);
  });

  it('moves a VM to the destinations that it is given, and to no other', async () => {
    const hypervisor = new MyPlugin({ destinations: ['host-b'] });
    await hypervisor.start(vm);
    await expect(hypervisor.migrate(vm, 'host-c')).rejects.toMatchObject({ code: 'FAIRLEAD_ERR_HYPERVISOR' });
    expect(await hypervisor.status(vm)).toBe('running');
    await hypervisor.migrate(vm, 'host-b');
    expect(await hypervisor.status(vm)).toBe('migrated');
  });
});

// What the host relies on, tried on scenarios that are drawn from a seed; a failure tells the smallest one.
describe('my-plugin keeps the laws of its kind', () => {
  it.each(conformanceLaws(plugin))('$name', ({ check }) => check());
});
