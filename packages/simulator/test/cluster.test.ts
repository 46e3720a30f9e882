import type { WrittenHostConfig } from '@fairlead/core';
import { checkCluster as checkBuilt, simulateCluster as simulateBuilt } from '@fairlead/simulator';
import { describe, expect, it } from 'vitest';
import { checkCluster } from '../src/cluster/check.ts';
import type { WrittenCluster } from '../src/cluster/schema.ts';
import { simulateCluster } from '../src/cluster/simulate-cluster.ts';
import { reportHtml } from '../src/report/report-html.ts';
import { hostOf } from './one-host.ts';

const found = { bases: [import.meta.url] };

async function simulate(written: WrittenCluster) {
  const { scenario, complaints } = await checkCluster(written, found);
  if (scenario === undefined) throw new Error(complaints.map(({ path, what }) => `${path}: ${what}`).join('; '));
  return simulateCluster(scenario);
}

/** Small hosts, of which there may be many. */
const small: WrittenHostConfig = {
  ...hostOf(['vm']),
  memory: { txRingFrames: 16, rxRingFrames: 16, nicRingFrames: 64 },
};
const many: WrittenCluster = {
  duration: '500ms',
  links: { delay: '2ms' },
  hosts: { count: 6, vms: 5, rack: 2, template: small },
  network: { uplink0: { delay: '200us', lossRate: 0.01 } },
  senders: [
    { vm: '*', to: '*', kind: 'constant', rateBps: '400kbps', frameBytes: 500, spacing: 'poisson' },
    { vm: 'h1.vm2', to: 'h4.vm0', kind: 'tcp' },
    { vm: 'h2.vm3', kind: 'flood', perSecond: 500, start: '100ms' },
    { vm: 'h5.vm1', kind: 'clients', perSecond: 100 },
  ],
};
const pair = (more: Partial<WrittenCluster> = {}): WrittenCluster => ({
  duration: '1s',
  links: { delay: '1ms' },
  hosts: [
    { name: 'left', ...hostOf(['web', 'mail']) },
    { name: 'right', ...renumbered(hostOf(['db'])) },
  ],
  network: { '*': { delay: '2ms' } },
  senders: [{ vm: 'web', to: 'db', kind: 'constant', rateBps: '1Mbps', frameBytes: 1250 }],
  ...more,
});
const renumbered = (host: WrittenHostConfig): WrittenHostConfig => ({
  ...host,
  vms: host.vms.map((vm) => ({ ...vm, mac: '52:54:00:00:01:01' })),
});

describe('several hosts', () => {
  it('send to each other through the switch, which takes its time', async () => {
    const { vms, hosts, accounts } = await simulate(pair());
    expect(vms.map(({ name, direction, lostFrames }) => `${name} ${direction} ${lostFrames}`)).toEqual(['web out 0']);
    // Out 2 ms, through the switch 1 ms, in 2 ms; the lines and the grain of the clock add less than a millisecond.
    expect(vms[0]?.latency.p50Us).toBeGreaterThan(5000);
    expect(vms[0]?.latency.p99Us).toBeLessThan(6000);
    expect(hosts?.map(({ name, nicFrames }) => `${name} ${nicFrames}`)).toEqual(['left 101', 'right 100']);
    const between = accounts.find(({ subject }) => subject === 'the switch');
    expect(between).toEqual({
      subject: 'the switch',
      accepted: 100,
      transmitted: 100,
      queued: 0,
      dropped: 0,
      missing: 0,
    });
  });

  it('have TCP between them, as if they were one', async () => {
    const { vms, flows } = await simulate(pair({ senders: [{ vm: 'web', to: 'db', kind: 'tcp', sizeBytes: '1MiB' }] }));
    expect(flows[0]).toMatchObject({ sender: 'web-tcp', duplicates: 0, retransmits: 0 });
    expect(vms[0]?.arrivedFrames).toBe(Math.ceil(1024 ** 2 / (1514 - 54)));
  });

  it('keep what is between VMs of one host within it', async () => {
    const { hosts, vms } = await simulate(
      pair({ senders: [{ vm: 'web', to: 'mail', kind: 'constant', rateBps: '1Mbps' }] }),
    );
    expect(hosts?.map(({ nicFrames }) => nicFrames)).toEqual([0, 0]);
    expect(vms.map(({ name, direction }) => `${name} ${direction}`)).toEqual(['web local']);
  });

  it('lose what is sent to a host whose cable is pulled, and account for it', async () => {
    const { vms, accounts, events } = await simulate(
      pair({ events: [{ at: '500ms', do: 'nic-down', nic: 'right.uplink0' }] }),
    );
    expect(vms[0]).toMatchObject({ sentFrames: 101, arrivedFrames: 50 });
    expect(accounts.filter(({ missing }) => missing !== 0)).toEqual([]);
    expect(events.map(({ text }) => text)).toEqual(['nic-down right.uplink0', 'right: NIC uplink0 is down: link down']);
  });

  it('show floods and clients apart, host by host', async () => {
    const result = await simulate(many);
    expect(result.hosts?.map(({ name, vms }) => `${name} ${vms}`)).toEqual([0, 1, 2, 3, 4, 5].map((n) => `h${n} 5`));
    expect(result.hosts?.map(({ attackFrames }) => attackFrames)).toEqual([0, 0, 200, 0, 0, 0]);
    const clients = result.flows.find(({ kind }) => kind === 'clients')?.connections;
    expect(clients?.completed).toBeGreaterThan(0);
    expect(result.accounts.filter(({ missing }) => missing !== 0)).toEqual([]);
    const page = reportHtml([result]);
    expect(page).toContain('<h2>Hosts</h2>');
    expect(page).not.toContain('<h2>NICs</h2>');
  });
});

describe('a simulation of several hosts', () => {
  it('gives the same result to the last digit when it is run again, and another one with another seed', async () => {
    const [first, second] = [await simulate(many), await simulate(many)];
    expect(JSON.stringify(second)).toBe(JSON.stringify(first));
    expect((await simulate({ ...many, seed: 2 })).digest).not.toBe(first.digest);
  });

  it('gives the same result on one thread, two and three', async () => {
    const { scenario } = await checkBuilt(many, found);
    if (scenario === undefined) throw new Error('the scenario is right');
    const alone = await simulateBuilt(scenario);
    expect(await simulateBuilt(scenario, { threads: 2 })).toEqual(alone);
    expect(await simulateBuilt(scenario, { threads: 3 })).toEqual(alone);
    expect(alone.hosts?.map(({ digest }) => digest)).toHaveLength(6);
  }, 60_000);

  it('says what is wrong with its hosts, senders and names', async () => {
    const faultsOf = async (more: object) =>
      (await checkCluster({ ...pair(), ...more }, found)).complaints.map(({ path, what }) => `${path}: ${what}`);
    expect(await faultsOf({ senders: [{ vm: 'wbe', kind: 'tcp' }] })).toEqual(['senders[0].vm: there is no VM "wbe"']);
    expect(await faultsOf({ watch: ['nobody'] })).toEqual(['watch[0]: there is no VM "nobody"']);
    expect(await faultsOf({ hosts: { count: 0, template: small } })).not.toEqual([]);
    const wrong = { ...small, nics: [{ name: 'a', driver: { use: 'nowhere' } }] };
    expect(await faultsOf({ hosts: { count: 2, template: wrong }, senders: [{ vm: 'h0.vm', kind: 'tcp' }] })).toEqual([
      'hosts.template.nics[0].driver.use: there is no nic-driver plugin "nowhere"',
    ]);
  });
});
