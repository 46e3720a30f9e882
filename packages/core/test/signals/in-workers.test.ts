import { once } from 'node:events';
import type { ActionRecord } from '@fairlead/core';
import { afterEach, describe, expect, it } from 'vitest';
import type { MemoryNicHand } from '../given/bundled.ts';
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
});
