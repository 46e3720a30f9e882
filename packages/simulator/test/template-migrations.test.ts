import type { WrittenHostConfig } from '@fairlead/core';
import { checkCluster as checkBuilt, simulateCluster as simulateBuilt } from '@fairlead/simulator';
import { describe, expect, it } from 'vitest';
import { checkCluster } from '../src/cluster/check.ts';
import type { WrittenCluster, WrittenTemplate } from '../src/cluster/schema.ts';
import { simulateCluster } from '../src/cluster/simulate-cluster.ts';
import type { SimulationResult } from '../src/result.ts';
import { hostOf } from './one-host.ts';

const found = { bases: [import.meta.url] };

async function checked(written: WrittenCluster) {
  const { scenario, complaints } = await checkCluster(written, found);
  if (scenario === undefined) throw new Error(complaints.map(({ path, what }) => `${path}: ${what}`).join('; '));
  return scenario;
}
const simulate = async (written: WrittenCluster) => simulateCluster(await checked(written));

/** 25 MiB are copied in 21 ms: 8 · 25 · 2^20 / 10^10 s, to the next millisecond. */
const template: WrittenHostConfig = {
  ...hostOf(['vm']),
  hypervisor: { use: 'simulated', options: { memoryBytes: '25MiB', downtimeMs: '20ms' } },
  registry: { use: 'embedded' },
  memory: { txRingFrames: 64, rxRingFrames: 64, nicRingFrames: 64 },
};
const racks = (more: Partial<WrittenTemplate> = {}): WrittenTemplate => ({
  ...{ count: 6, vms: 2, rack: 3, neighbours: 1, template },
  ...more,
});
const moving = (more: Partial<WrittenCluster> = {}): WrittenCluster => ({
  duration: '1s',
  links: { delay: '200us' },
  hosts: racks(),
  network: { '*': { delay: '1ms' } },
  senders: [{ vm: 'h0.vm1', kind: 'constant', rateBps: '8Mbps', frameBytes: 1000 }],
  events: [{ at: '400ms', do: 'vm-migrate', vm: 'h0.vm1' }],
  ...more,
});
const movesOf = ({ moves = [] }: SimulationResult) =>
  moves.map(({ vm, from, to, state, by }) => `${vm} ${from} ${to} ${state} by ${by}`);
const wrong = ({ accounts }: SimulationResult) => accounts.filter(({ missing }) => missing !== 0);

describe('a host of a template', () => {
  it('names the VMs of the hosts before it in its rack, as many as its neighbours, and the movable ones alone', async () => {
    const rowsOf = async (hosts: WrittenTemplate) => {
      const { roster } = await checked(moving({ hosts, events: [] }));
      return roster.hosts.map(({ vms }) => vms.map((vm) => roster.vms[vm]).join(' '));
    };
    const own = [0, 1, 2, 3, 4, 5].map((n) => `h${n}.vm0 h${n}.vm1`);
    expect(await rowsOf(racks({ neighbours: 0 }))).toEqual(own);
    const before = [2, 0, 1, 5, 3, 4];
    expect(await rowsOf(racks())).toEqual(own.map((vms, n) => `${vms} ${own[before[n] as number]}`));
    expect(await rowsOf(racks({ movable: ['vm1'] }))).toEqual(own.map((vms, n) => `${vms} h${before[n]}.vm1`));
    // The last rack has one host less, and each of its hosts one neighbour.
    expect((await rowsOf(racks({ count: 5, neighbours: 2, movable: ['vm0'] }))).slice(2)).toEqual([
      'h2.vm0 h2.vm1 h1.vm0 h0.vm0',
      'h3.vm0 h3.vm1 h4.vm0',
      'h4.vm0 h4.vm1 h3.vm0',
    ]);
  });

  it('gives its VMs the number and address that they have without neighbours', async () => {
    const still = await checked(moving({ hosts: racks({ neighbours: 0 }), events: [] }));
    const { roster } = await checked(moving({ hosts: racks({ neighbours: 2 }) }));
    expect(roster.vms).toEqual(still.roster.vms);
    expect(roster.macs).toEqual(still.roster.macs);
    expect([...roster.homes]).toEqual([...still.roster.homes]);
    expect([roster.movable.size, still.roster.movable.size]).toEqual([12, 0]);
  });

  it('has its VM go to the host that names it, frame by frame as hosts of a list do', async () => {
    const result = await simulate(moving());
    expect(result.moves).toEqual([
      {
        ...{ vm: 'h0.vm1', from: 'h0', to: 'h1', by: 'operator', cause: 'the script', state: 'done', reason: '' },
        ...{ beganSeconds: 0.4, endedSeconds: 0.4412, downtimeMs: 20, outboundFrames: 0, inboundFrames: 0 },
      },
    ]);
    // A frame each millisecond; from 421.2 ms to 441.2 ms there are twenty that were never sent.
    expect(result.flows[0]).toMatchObject({ sentFrames: 981, arrivedFrames: 980, duplicates: 0, outOfOrder: 0 });
    expect(result.hosts?.map(({ nicFrames }) => nicFrames)).toEqual([422, 559 + 1, 0, 0, 0, 0]);
    expect(wrong(result)).toEqual([]);
  });

  it('has VMs go on to a second host and come back, as far as its neighbours allow', async () => {
    const to = (at: `${number}ms`, host: string) => ({ at, do: 'vm-migrate', vm: 'h4.vm0', to: host }) as const;
    const events = [to('200ms', 'h5'), to('400ms', 'h3'), to('600ms', 'h4')];
    const senders: WrittenCluster['senders'] = [
      { vm: 'h4.vm0', to: 'h0.vm0', kind: 'tcp', sizeBytes: '2MiB' },
      { vm: 'h1.vm1', to: 'h4.vm0', kind: 'constant', rateBps: '800kbps', frameBytes: 1000 },
    ];
    const result = await simulate(moving({ hosts: racks({ neighbours: 2, movable: ['vm0'] }), senders, events }));
    expect(movesOf(result)).toEqual([
      'h4.vm0 h4 h5 done by operator',
      'h4.vm0 h5 h3 done by operator',
      'h4.vm0 h3 h4 done by operator',
    ]);
    // All of it has come, in segments of 1460 bytes, and the stream to it has lost what was on the way to where it was.
    expect(result.flows[0]?.goodputBps).toBe(Math.ceil(2 ** 21 / 1460) * 1514 * 8);
    expect(result.flows[1]).toMatchObject({ sentFrames: 101, duplicates: 0, outOfOrder: 0 });
    expect(wrong(result)).toEqual([]);
  });

  it('is not gone to where the template has no row for the VM', async () => {
    const { complaints } = await checkCluster(
      moving({ events: [{ at: '1ms', do: 'vm-migrate', vm: 'h0.vm1', to: 'h2' }] }),
      found,
    );
    expect(complaints.map(({ path, what }) => `${path}: ${what}`)).toEqual([
      'events[0].to: host "h2" names no VM "h0.vm1"',
    ]);
  });
});

const detecting: WrittenHostConfig = {
  ...template,
  detectors: [{ use: 'volume', options: {}, windowMs: '100ms' }],
  signals: [{ on: 'attack', responders: [{ use: 'migrate' }] }],
};
/** In each of two racks a VM is flooded, and moved by its responder; another one goes by the script. */
const attacked = moving({
  duration: '4s',
  hosts: racks({ neighbours: 1, movable: ['vm1'], template: detecting }),
  senders: [
    { vm: 'h0.vm1', kind: 'constant', rateBps: '4Mbps', frameBytes: 1000 },
    { vm: '*', to: '*', kind: 'constant', rateBps: '40kbps', frameBytes: 500, spacing: 'poisson' },
    { vm: 'h1.vm1', kind: 'flood', perSecond: 10_000, start: '2500ms', stop: '3s' },
    { vm: 'h5.vm1', kind: 'flood', perSecond: 10_000, start: '2500ms', stop: '3s' },
  ],
  events: [{ at: '500ms', do: 'vm-migrate', vm: 'h0.vm1', to: 'h1' }],
});

describe('a simulation of template hosts with migrations', () => {
  it('has responders move their VMs, and is the same to the last digit on one thread and two', async () => {
    const { scenario } = await checkBuilt(attacked, found);
    if (scenario === undefined) throw new Error('the scenario is right');
    const once = await simulateBuilt(scenario);
    expect(movesOf(once)).toEqual([
      'h0.vm1 h0 h1 done by operator',
      'h1.vm1 h1 h2 done by responder',
      'h5.vm1 h5 h3 done by responder',
    ]);
    expect(wrong(once)).toEqual([]);
    expect(await simulateBuilt(scenario, { threads: 2 })).toEqual(once);
    expect(JSON.stringify(await simulateBuilt(scenario))).toBe(JSON.stringify(once));
  }, 60_000);

  it('does not depend on rows that no VM comes to', async () => {
    const [few, many] = [
      await simulate(moving({ hosts: racks({ neighbours: 1, movable: ['vm1'] }) })),
      await simulate(moving({ hosts: racks({ neighbours: 2 }) })),
    ];
    expect(many.digest).toBe(few.digest);
    expect(many.moves).toEqual(few.moves);
  });

  it('says what is wrong with neighbours', async () => {
    const faultsOf = async (hosts: WrittenTemplate) =>
      (await checkCluster(moving({ hosts, events: [] }), found)).complaints.map(({ path, what }) => `${path}: ${what}`);
    expect(await faultsOf(racks({ neighbours: 3 }))).toEqual(['hosts.neighbours: in a rack of 3 a host has 2 others']);
    expect(await faultsOf(racks({ template: hostOf(['vm']) }))).toEqual([
      'hosts.neighbours: VMs go from host to host with a registry and a hypervisor',
    ]);
    expect(await faultsOf(racks({ neighbours: 0, movable: ['vm0'] }))).toEqual([
      'hosts.movable: no VM may go anywhere without neighbours',
    ]);
    expect(await faultsOf(racks({ movable: ['web'] }))).toEqual(['hosts.movable[0]: the template names no VM "web"']);
    expect(await faultsOf(racks({ neighbours: 60, count: 64, rack: 64, vms: 1200 }))).toEqual([
      'hosts.neighbours: each host would have 73200 VMs, of 65536 at most',
    ]);
  });
});
