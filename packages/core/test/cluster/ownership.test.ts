import { afterEach, describe, expect, it } from 'vitest';
import type { ClusterNotice } from '../../src/cluster/cluster.ts';
import type { Host } from '../../src/host.ts';
import { memoryVm } from '../given/inline-host.ts';
import { TwoHosts } from '../given/two-hosts.ts';

let two: TwoHosts;
afterEach(() => two.close());

const notices = (host: Host): ClusterNotice[] => {
  const heard: ClusterNotice[] = [];
  host.on('cluster', (notice) => heard.push(notice));
  return heard;
};

describe('a VM that two hosts are to start', () => {
  it('runs on the first; the other goes on without it, and says whose it is', async () => {
    two = await TwoHosts.start();
    const b = await two.add('c', true);
    expect(two.world.placed.get('vm0')).toEqual({ host: 'a', status: 'running' });
    expect(b.vms.status('vm0').state).toBe('stopped');
    await expect(b.vms.start('vm0')).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_VM_ELSEWHERE',
      what: 'host "a" has VM "vm0"',
    });
  });

  it('runs on the other once the first has stopped it', async () => {
    two = await TwoHosts.start();
    const [a, b] = two.hosts;
    await a.vms.stop('vm0');
    await two.run(2001);
    await b.vms.start('vm0');
    expect(two.world.placed.get('vm0')).toEqual({ host: 'b', status: 'running' });
  });

  it('is not started while nobody can say whose it is, and is when somebody can', async () => {
    two = new TwoHosts();
    const bringBack = await two.cutOff('a');
    const a = await two.add('a', true);
    expect(a.vms.status('vm0').state).toBe('stopped');
    expect(a.cluster.reachable).toBe(false);
    const heard = notices(a);
    bringBack();
    await two.run(2001);
    expect(heard.map(({ what }) => what)).toEqual(['in-reach']);
    expect(a.vms.status('vm0').state).toBe('running');
  });
});

describe('a host whose registry is out of reach', () => {
  it('goes on with its VMs, migrates none, and does so again when it is back', async () => {
    two = await TwoHosts.start();
    const [a] = two.hosts;
    const heard = notices(a);
    const bringBack = await two.cutOff('a');
    await two.run(2001);
    expect(a.vms.status('vm0').state).toBe('running');
    await expect(a.migrate('vm0')).rejects.toThrow('out of reach');
    bringBack();
    await two.run(2001);
    expect(heard.map(({ what }) => what)).toEqual(['out-of-reach', 'in-reach']);
    expect(await a.migrate('vm0')).toMatchObject({ state: 'done', to: 'b' });
  });

  it('announces its room: what the VMs that are there have not reserved', async () => {
    two = await TwoHosts.start({
      vms: [memoryVm(0, { bandwidth: { reservationBps: '300Mbps' } }), memoryVm(1, { start: false })],
    });
    const [a] = two.hosts;
    await two.run(2001);
    expect(await a.cluster.hosts()).toEqual([
      { name: 'a', roomBps: 7e8, load: 0, underAttack: false },
      { name: 'b', roomBps: 1e9, load: 0, underAttack: false },
    ]);
  });
});

describe('a host alone', () => {
  it('migrates nothing without being told where', async () => {
    two = await TwoHosts.start({ registry: undefined, name: undefined } as object, ['a']);
    const [a] = two.hosts;
    await expect(a.migrate('vm0')).rejects.toMatchObject({ code: 'FAIRLEAD_ERR_MIGRATION' });
    await expect(a.vms.migrate('vm0')).rejects.toMatchObject({ code: 'FAIRLEAD_ERR_MIGRATION' });
    await expect(a.cluster.hosts()).rejects.toMatchObject({ code: 'FAIRLEAD_ERR_MIGRATION' });
  });

  it('needs a name to have a registry', async () => {
    two = new TwoHosts();
    await expect(two.add('a', true, { name: undefined } as object)).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_CONFIG_NAME',
    });
  });
});
