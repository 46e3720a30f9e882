import { isPluginDefinition, type VmStatus } from '@fairlead/sdk';
import { createInstance } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import plugin, { type QemuHypervisor } from '../src/index.ts';
import { bench, expectRefused, running, VM } from './harness.ts';

describe('a VM in QEMU', () => {
  it('is let run, paused, let run on and ended by QMP', async () => {
    const { hypervisor, qemu } = await bench();
    const seen = [await hypervisor.status(VM)];
    for (const hook of ['start', 'suspend', 'resume', 'stop'] as const) {
      await hypervisor[hook](VM);
      seen.push(await hypervisor.status(VM));
    }
    expect(seen).toEqual(['stopped', 'running', 'suspended', 'running', 'stopped']);
    expect(qemu.told).toEqual(['cont', 'stop', 'cont', 'quit']);
  });

  it.each<[string, object, VmStatus]>([
    ['prelaunch', {}, 'stopped'],
    ['inmigrate', {}, 'stopped'],
    ['shutdown', {}, 'stopped'],
    ['running', {}, 'running'],
    ['running', { status: 'completed' }, 'running'], // it came by that migration
    ['running', { status: 'active' }, 'migrating'],
    ['finish-migrate', { status: 'device' }, 'migrating'],
    ['postmigrate', { status: 'completed' }, 'migrated'],
    ['postmigrate', { status: 'cancelled' }, 'suspended'],
    ['paused', {}, 'suspended'],
    ['io-error', {}, 'suspended'],
    ['guest-panicked', {}, 'suspended'],
  ])('that QEMU calls %s, its migration %j, is %s', async (state, migration, status) => {
    const { hypervisor, qemu } = await bench();
    Object.assign(qemu, { state, migration });
    expect(await hypervisor.status(VM)).toBe(status);
  });

  it('that pauses, ends or comes again by itself is known by its status', async () => {
    const { hypervisor, qemu } = await running();
    qemu.state = 'paused';
    expect(await hypervisor.status(VM)).toBe('suspended');
    await qemu.close();
    expect(await hypervisor.status(VM)).toBe('stopped');
    qemu.state = 'running';
    await qemu.open();
    expect(await hypervisor.status(VM)).toBe('running');
  });

  it('is stopped where no QEMU is, and cannot be started', async () => {
    const { hypervisor, qemu } = await bench({ startMs: 0 });
    await qemu.close();
    expect(await hypervisor.status(VM)).toBe('stopped');
    const { mend } = await expectRefused(hypervisor.start(VM), `nobody listens on ${qemu.path}`);
    expect(mend).toContain('-S');
  });

  it('is started once its QEMU is there', async () => {
    const { hypervisor, qemu } = await bench();
    await qemu.close();
    const start = hypervisor.start(VM);
    await qemu.open();
    await start;
    expect(qemu.state).toBe('running');
  });

  it('that has shut down is booted anew', async () => {
    const { hypervisor, qemu } = await bench();
    qemu.state = 'shutdown';
    await hypervisor.start(VM);
    expect(qemu.told).toEqual(['system_reset', 'cont']);
  });

  it('that waits for a migration is not started', async () => {
    const { hypervisor, qemu } = await bench({}, 'inmigrate');
    await expectRefused(hypervisor.start(VM), 'waits for it to come from another host');
    expect(qemu.told).toEqual([]);
  });

  it('runs on when it cannot be said whether it was paused', async () => {
    const { hypervisor, qemu } = await running();
    qemu.deviations.set('stop', (socket) => {
      qemu.state = 'paused';
      socket.destroy();
      return true;
    });
    await expectRefused(hypervisor.suspend(VM), 'closed the connection');
    expect(qemu.state).toBe('running');
    expect(qemu.told).toEqual(['cont', 'stop', 'cont']);
  });

  it('may have a socket that the pattern does not fit', async () => {
    const { hypervisor: first, qemu } = await bench();
    await first.close();
    const hypervisor = createInstance(plugin, { sockets: { mail: qemu.path } }) as QemuHypervisor;
    await hypervisor.start({ index: 7, name: 'mail' });
    expect(qemu.state).toBe('running');
    await expectRefused(hypervisor.start(VM), 'no QMP socket is named for it');
    await hypervisor.close();
  });

  it.each(['../web', '..', 'a/b', 'a\0b'])('called %j leads to no socket', async (name) => {
    const { hypervisor } = await bench();
    await expectRefused(hypervisor.status({ index: 0, name }), 'cannot be part of a path');
  });

  it('tells of its events in the log, each of those that matter', async () => {
    const { hypervisor, qemu, log } = await running();
    qemu.tell('RTC_CHANGE');
    qemu.tell('SHUTDOWN');
    await hypervisor.status(VM);
    expect(log.entries.map(({ message }) => message)).toEqual(['QEMU of VM web says SHUTDOWN']);
  });
});

describe('the plugin', () => {
  it('is a plugin definition', () => {
    expect(isPluginDefinition(plugin)).toBe(true);
    expect([plugin.kind, plugin.name]).toEqual(['hypervisor', 'qemu']);
  });

  it.each([
    [{ socket: '/run/qmp' }, 'options.socket'],
    [{ migration: { listen: 'tcp:0.0.0.0:4444' } }, 'options.migration.listen'],
    [{ migration: { listen: 'tcp:[::]:0' } }, 'options.migration.listen'],
    [{ migration: { listen: 'tcp::4444' } }, 'options.migration.listen'],
    [{ migration: { listen: 'exec:nc -l 4444' } }, 'migration.listen'],
  ])('refuses %j', (options, where) => {
    expect(() => createInstance(plugin, options)).toThrow(where);
  });
});
