import type { Hypervisor } from '@fairlead/sdk';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ClusterNotice } from '../../src/cluster/cluster.ts';
import { loadPlugin } from '../../src/plugins/load.ts';
import { bundled } from '../given/bundled.ts';
import { frame, macOf } from '../given/frames.ts';
import { guestOf } from '../given/inline-host.ts';
import { TwoHosts } from '../given/two-hosts.ts';

let two: TwoHosts;
afterEach(() => {
  vi.restoreAllMocks();
  return two.close();
});

const states = (): string[] => two.hosts.map((host) => host.vms.status('vm0').state);

/** Somebody has written into the registry that b has the VM that runs on a. Each hypervisor knows its own host alone. */
async function contested(): Promise<ClusterNotice[]> {
  two = await TwoHosts.start({ hypervisor: { use: 'simulated' } });
  const heard: ClusterNotice[] = [];
  two.hosts[0].on('cluster', (notice) => heard.push(notice));
  expect(await (await two.registryByHand()).handOver('vm0', 'a', 'b')).toBe(true);
  return heard;
}

describe('a VM that runs here and that the registry says is of another host', () => {
  it('runs on when it does not run there, and a person is told once', async () => {
    const heard = await contested();
    await two.run(6001); // three rounds
    expect(states()).toEqual(['running', 'stopped']);
    expect(heard).toEqual([
      { what: 'conflict', vm: 'vm0', message: 'the registry says that host "b" has VM "vm0", which runs here' },
    ]);
  });

  it('is suspended here when it runs there as well, by hand, and a person is told once', async () => {
    const heard = await contested();
    const [a, b] = two.hosts;
    await b.vms.start('vm0');
    expect(states()).toEqual(['running', 'running']);
    await two.run(6001);
    expect(states()).toEqual(['suspended', 'running']);
    expect(a.vms.suspendedByHand(0)).toBe(true); // no responder lets it go on
    expect(heard.map(({ what, vm, message }) => `${what} ${vm}: ${message}`)).toEqual([
      'conflict vm0: the registry says that host "b" has VM "vm0", which runs here',
      'conflict vm0: VM "vm0" runs on host "b" as well, which has it: it is suspended here',
    ]);
    expect(guestOf(a, 'vm0').send(frame({ from: macOf(0) }))).toBe(false);
    expect(guestOf(b, 'vm0').send(frame({ from: macOf(0) }))).toBe(true);
    await two.run(1);
    for (const host of two.hosts) host.assertConserved();
  });

  it('runs on when the hypervisor does not suspend it, which a person is told; it is tried again', async () => {
    const heard = await contested();
    const { module } = await loadPlugin('hypervisor', 'simulated', [bundled], 'hypervisor');
    const { SimulatedHypervisor } = (await import(module)) as { SimulatedHypervisor: { prototype: Hypervisor } };
    vi.spyOn(SimulatedHypervisor.prototype, 'suspend').mockRejectedValueOnce(new Error('not now'));
    await two.hosts[1].vms.start('vm0');
    await two.run(2001);
    expect(states()).toEqual(['running', 'running']);
    await two.run(2001);
    expect(states()).toEqual(['suspended', 'running']);
    expect(heard.map(({ message }) => message.split(', ').at(-1))).toEqual([
      'which runs here',
      expect.stringMatching(/^which has it: it could not be suspended here: .*not now$/),
      'which has it: it is suspended here',
    ]);
  });

  it('is suspended again when somebody lets it go on, and told of again', async () => {
    const heard = await contested();
    const [a, b] = two.hosts;
    await b.vms.start('vm0');
    await two.run(2001);
    await a.vms.resume('vm0');
    await two.run(2001);
    expect(states()).toEqual(['suspended', 'running']);
    expect(heard.filter(({ message }) => message.endsWith('it is suspended here'))).toHaveLength(2);
  });

  it("is the other host's alone once it was stopped here", async () => {
    await contested();
    const [a, b] = two.hosts;
    await b.vms.start('vm0');
    await two.run(2001);
    await a.vms.stop('vm0');
    await two.run(2001);
    expect(states()).toEqual(['stopped', 'running']);
    expect(await (await two.registryByHand()).owner('vm0')).toBe('b');
    await expect(a.vms.start('vm0')).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_VM_ELSEWHERE',
      what: 'host "b" has VM "vm0"',
    });
  });
});
