import { afterEach, describe, expect, it } from 'vitest';
import type { ClusterNotice } from '../../src/cluster/cluster.ts';
import { TwoHosts } from '../given/two-hosts.ts';

let two: TwoHosts;
afterEach(() => two.close());

/** What hosts leave that crash while a VM goes from a to b: the registry has it on its way, a hypervisor may have it. */
async function crashed(where: 'a' | 'b' | 'nowhere'): Promise<void> {
  two = new TwoHosts();
  const registry = await two.registryByHand();
  await registry.claim('vm0', 'a');
  await registry.handOver('vm0', 'a', 'a>b');
  if (where !== 'nowhere') two.world.placed.set('vm0', { host: where, status: 'running' });
}

const owner = async (): Promise<string | undefined> => (await two.registryByHand()).owner('vm0');
const state = (host: number): string => two.hosts[host].vms.status('vm0').state;
/** What each host has told by an event since this was called. */
const told = (host: number): string[] => {
  const heard: string[] = [];
  two.hosts[host].on('cluster', ({ what, vm }: ClusterNotice) => heard.push(`${what} ${vm}`));
  return heard;
};
const NOBODY_SAYS =
  'neither host "a" nor host "b", between which it was migrated, says that it is not there: it has VM "vm0"';

describe('a host that is started again while a VM is on its way', () => {
  it.each(['a', 'b'] as const)('has it when its hypervisor has it: %s, alone', async (name) => {
    await crashed(name);
    await two.add(name, true);
    expect([state(0), await owner()]).toEqual(['running', name]);
    expect(two.world.placed.get('vm0')).toEqual({ host: name, status: 'running' });
  });

  it.each([
    ['a', 'b'],
    ['b', 'a'],
  ] as const)('does not start it when it is on the other: %s, and it is on %s', async (name, where) => {
    await crashed(where);
    await two.add(where, false);
    await two.add(name, true);
    expect([state(1), await owner()]).toEqual(['stopped', 'a>b']);
    await expect(two.hosts[1].vms.start('vm0')).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_VM_ELSEWHERE',
      what: NOBODY_SAYS,
    });
    await two.hosts[0].vms.start('vm0');
    await two.run(4001); // the one that waits asks again
    expect([state(0), state(1), await owner()]).toEqual(['running', 'stopped', where]);
  });

  it('does not start it while the other one is silent; when that one says that it is not there, it does', async () => {
    await crashed('nowhere');
    await two.add('a', true);
    const heard = told(0);
    await two.run(4001);
    expect([state(0), await owner(), two.world.placed.has('vm0')]).toEqual(['stopped', 'a>b', false]);
    await two.add('b', false);
    await two.run(2001);
    expect([state(0), state(1), await owner()]).toEqual(['running', 'stopped', 'a']);
    expect(two.world.placed.get('vm0')).toEqual({ host: 'a', status: 'running' });
    expect(heard).toEqual([]); // it was told of when it was not started, before anybody could hear
  });

  it('starts it on one of two that are both to start it', async () => {
    await crashed('nowhere');
    await two.add('a', true);
    await two.add('b', true);
    await two.run(4001);
    const there = two.world.placed.get('vm0')?.host;
    expect([0, 1].filter((host) => state(host) === 'running').map((host) => two.hosts[host].config.name)).toEqual([
      there,
    ]);
    expect(await owner()).toBe(there);
  });

  it('has a VM that came while it was down', async () => {
    two = await TwoHosts.start();
    const [a] = two.hosts;
    two.world.at = async (host, place) => {
      if (host === 'a' && place === 'after the switchover') await two.hosts.pop()?.close();
    };
    expect(await a.migrate('vm0')).toMatchObject({
      state: 'done',
      reason: 'host "b" has not said yet that it runs there',
    });
    expect([state(0), await owner()]).toEqual(['migrated', 'a>b']);
    await two.add('b', true);
    await two.run(2001);
    expect([state(0), state(1), await owner()]).toEqual(['migrated', 'running', 'b']);
    expect(two.world.placed.get('vm0')).toEqual({ host: 'b', status: 'running' });
    for (const host of two.hosts) host.assertConserved();
  });
});
