import { once } from 'node:events';
import type { ActionRecord } from '@fairlead/core';
import { DROP_REASON_COUNT, DropReason } from '@fairlead/sdk';
import { afterEach, describe, expect, it } from 'vitest';
import type { MemoryNicHand } from '../given/bundled.ts';
import { until } from '../given/deadline.ts';
import { memoryNic } from '../given/inline-host.ts';
import { endHost, startHost } from '../given/worker-host.ts';

afterEach(endHost);

describe('in workers', () => {
  it('responders are asked beside the polls of the links, while the other VMs go on', async () => {
    const observed = await startHost({
      signals: [{ on: 'nic-down', vms: ['vm0'], responders: [{ use: 'suspend' }] }],
    });
    const { host } = observed;
    const nic = host.nics.driver('nic1') as unknown as MemoryNicHand;
    nic.setLink(false);
    const [taken] = (await once(host, 'action')) as [ActionRecord];
    expect(taken).toMatchObject({ action: 'suspend', vm: 'vm0', nic: 'nic1', state: 'standing' });
    expect(host.vms.list().map(({ state }) => state)).toEqual(['suspended', 'running', 'running']);
    observed.send(1, 10);
    await observed.untilTransmitted(1, 10);

    nic.setLink(true);
    const [over] = (await once(host, 'action')) as [ActionRecord];
    expect(over).toMatchObject({ id: taken.id, state: 'over' });
    expect(host.vms.status('vm0').state).toBe('running');
    await observed.close();
  });

  it('a VM fails over to another team, and is limited, between two sweeps', async () => {
    const observed = await startHost({
      nics: ['nic0', 'nic1', 'nic2'].map((name) => memoryNic(name)),
      teams: [
        { name: 'first', active: ['nic0'] },
        { name: 'second', active: ['nic1'] },
        { name: 'watched', active: ['nic2'] },
      ],
      signals: [
        { on: 'nic-down', vms: ['vm0'], responders: [{ use: 'failover', options: { to: 'second' } }] },
        // A burst of one frame of full length and 10 ms of next to nothing: one frame of 1500 bytes passes.
        { on: 'nic-down', vms: ['vm1'], responders: [{ use: 'rate-limit', options: { outboundBps: 1000 } }] },
      ],
    });
    const { host } = observed;
    const sentOver = (nic: string): number => host.nics.status(nic).txFrames;
    observed.send(0, 10);
    await observed.untilTransmitted(0, 10);
    const watched = host.nics.driver('nic2') as unknown as MemoryNicHand;
    watched.setLink(false);
    await until(() => host.signals.actions().length === 2, 'both actions stand');

    observed.send(0, 10);
    await observed.untilTransmitted(0, 20);
    await until(() => sentOver('nic1') === 10, 'nic1 has sent what vm0 sent since');
    expect(sentOver('nic0')).toBe(10);
    observed.send(1, 10, { bytes: 1500 });
    await until(() => (host.arena.vms.dropped[DROP_REASON_COUNT + DropReason.Policed] ?? 0) === 9, 'nine are dropped');
    expect(observed.transmitted(1)).toBe(1);

    watched.setLink(true);
    await until(() => host.signals.actions().length === 0, 'both are undone');
    observed.send(0, 10);
    observed.send(1, 10, { bytes: 1500 });
    await observed.untilTransmitted(0, 30);
    await observed.untilTransmitted(1, 11);
    await until(() => sentOver('nic0') === 31, 'nic0 has sent the rest');
    await observed.close();
  });
});
