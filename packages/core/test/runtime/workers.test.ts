import { composeHost, Host } from '@fairlead/core';
import { definePlugin, type PluginDefinition, Type } from '@fairlead/sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../given/deadline.ts';
import { BROADCAST, frame, macOf, markOf } from '../given/frames.ts';
import { bases, endHost, startHost } from '../given/worker-host.ts';

afterEach(endHost);

describe('a host on worker threads', () => {
  it('carries frames out over its NICs and back to the VMs', async () => {
    const host = await startHost({ distribution: { use: 'round-robin' } });
    expect(host.send(0, 100)).toBe(100);
    await until(() => host.guest(0).counters.receivedFrames === 100, 'all echoes are back');
    expect(['nic0', 'nic1'].map((nic) => host.host.nics.status(nic).txFrames)).toEqual([50, 50]);
    await host.close();
    expect([host.faults, host.losses]).toEqual([[], []]);
  });

  it('holds VMs to their addresses in ARP and IP under port security mac+ip', async () => {
    const host = await startHost({ security: { portSecurity: 'mac+ip' } });
    const empty = frame({ from: macOf(0), bytes: 60 });
    empty.set([0x08, 0x06], 12); // ARP whose sender MAC is not the VM's
    expect(host.guest(0).send(empty)).toBe(true);
    host.send(0, 1);
    await host.untilTransmitted(0, 1);
    await host.close();
    expect(host.host.accounts()[0]).toMatchObject({
      subject: 'vm vm0 outbound',
      accepted: 2,
      transmitted: 1,
      dropped: 1,
    });
  });

  it('hands frames from VM to VM, within one worker and from one to the other', async () => {
    const host = await startHost({}, 2);
    for (let mark = 0; mark < 50; mark++) {
      host.send(0, 1, { to: macOf(1), mark });
      host.send(0, 1, { to: macOf(2), mark });
    }
    host.send(1, 1, { to: BROADCAST, mark: 77 });
    await until(
      () => [0, 1, 2].every((vm) => host.guest(vm).counters.receivedFrames === [1, 50, 51][vm]),
      'all have arrived',
    );
    const marksOf = (vm: number): number[] => {
      const marks: number[] = [];
      for (let one = host.guest(vm).receive(); one !== undefined; one = host.guest(vm).receive())
        marks.push(markOf(one));
      return marks;
    };
    const inOrder = Array.from({ length: 50 }, (_, i) => i);
    expect([marksOf(0), marksOf(1), marksOf(2).filter((mark) => mark !== 77)]).toEqual([[77], inOrder, inOrder]);
    await host.close();
    expect(['nic0', 'nic1'].map((nic) => host.host.nics.status(nic).txFrames)).toEqual([1, 0]);
  });

  it('sends what is handed over while it naps', async () => {
    const host = await startHost({});
    for (let round = 1; round <= 5; round++) {
      await until(() => host.host.arena.threads.isSleeping(0), 'the worker sleeps');
      host.send(0, 1);
      await host.untilTransmitted(0, round);
    }
    await host.close();
    expect(host.losses).toEqual([]);
  });

  it('moves traffic to the other NIC when a link goes down', async () => {
    const host = await startHost({});
    host.send(0, 10);
    await until(() => host.host.nics.status('nic0').txFrames === 10, 'the first NIC has sent');
    (host.host.nics.driver('nic0') as unknown as { setLink(up: boolean): void }).setLink(false);
    await until(() => host.nicChanges.length === 1, 'the host tells of the link');
    host.send(0, 10);
    await host.untilTransmitted(0, 20);
    await until(() => host.host.nics.status('nic1').txFrames === 10, 'the other NIC has sent');
    expect(host.nicChanges).toEqual(['nic0 down: link down']);
    await host.close();
  });

  it('suspends and resumes a VM', async () => {
    const host = await startHost({});
    await host.host.vms.suspend('vm0');
    expect(host.send(0, 3)).toBe(0);
    await host.host.vms.resume('vm0');
    expect(host.send(0, 3)).toBe(3);
    await host.untilTransmitted(0, 3);
    await host.close();
  });
});

describe('a host that cannot start its workers', () => {
  it('says which plugin could not be made there', async () => {
    await expect(startHost({ distribution: { use: './fails-in-worker.mjs' } })).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_PLUGIN_CONSTRUCT',
      where: 'distribution',
      message: expect.stringContaining('not on this thread'),
    });
  });

  it('refuses a plugin that only this thread knows', async () => {
    const given = definePlugin({
      kind: 'load-distribution',
      name: 'of-my-own',
      apiVersion: 1,
      options: Type.Object({}),
      implementation: class {
        select(): undefined {}
      },
    });
    const composition = await composeHost(
      {
        nics: [{ name: 'nic0', driver: { use: 'memory' } }],
        vms: [{ name: 'vm0', mac: macOf(0), device: { use: 'memory' } }],
        distribution: { use: 'of-my-own' },
      },
      { bases, definitions: new Map([['load-distribution/of-my-own', given as unknown as PluginDefinition]]) },
    );
    await expect(new Host(composition).start()).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_PLUGIN_NOT_FOUND',
      mend: expect.stringContaining('module: import.meta.url'),
    });
  });
});
