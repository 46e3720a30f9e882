import { afterEach, describe, expect, it } from 'vitest';
import { TwoHosts } from '../given/two-hosts.ts';

let two: TwoHosts;
afterEach(() => two.close());

describe('a VM that goes from one host to another', () => {
  it('runs there and no longer here, and the registry says so', async () => {
    two = await TwoHosts.start();
    const [a, b] = two.hosts;
    const record = await a.migrate('vm0', { cause: 'maintenance' });
    await two.idle();
    expect([a.vms.status('vm0').state, b.vms.status('vm0').state]).toEqual(['migrated', 'running']);
    expect(two.world.placed.get('vm0')).toEqual({ host: 'b', status: 'running' });
    expect(record).toMatchObject({
      from: 'a',
      to: 'b',
      state: 'done',
      cause: 'maintenance',
      downtimeMs: 7,
      reason: '',
    });
    expect(b.migrations()).toMatchObject([{ id: record.id, direction: 'in', state: 'done', from: 'a', to: 'b' }]);
    await expect(a.vms.start('vm0')).rejects.toMatchObject({ code: 'FAIRLEAD_ERR_VM_STATE' });
  });
});
