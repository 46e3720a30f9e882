import type { WrittenHostConfig } from '@fairlead/core';
import { checkCluster as checkBuilt, simulateCluster as simulateBuilt } from '@fairlead/simulator';
import { describe, expect, it } from 'vitest';
import { checkCluster } from '../src/cluster/check.ts';
import { racksOf } from '../src/cluster/roster.ts';
import type { WrittenCluster } from '../src/cluster/schema.ts';
import { simulateCluster } from '../src/cluster/simulate-cluster.ts';
import type { SimulationResult } from '../src/result.ts';
import { hostOf, simulate as simulateOne } from './one-host.ts';

const found = { bases: [import.meta.url] };

async function simulate(written: WrittenCluster) {
  const { scenario, complaints } = await checkCluster(written, found);
  if (scenario === undefined) throw new Error(complaints.map(({ path, what }) => `${path}: ${what}`).join('; '));
  return simulateCluster(scenario);
}

const MACS: Record<string, string> = { web: '01', db: '02', mail: '03', dns: '04' };
/** A VM; the name in brackets of one that the host may take. */
const vmOf = (written: string) => {
  const name = written.replaceAll(/[()]/g, '');
  const mac = `52:54:00:00:07:${MACS[name]}`;
  return { name, mac, device: { use: 'memory' }, ...(name === written ? {} : { start: false }) };
};
/** 25 MiB are copied in 21 ms: 8 · 25 · 2^20 / 10^10 s, to the next millisecond. */
const moving = { use: 'simulated', options: { memoryBytes: '25MiB', downtimeMs: '20ms' } };
function member(name: string, registry: string, vms: readonly string[], more: Partial<WrittenHostConfig> = {}) {
  return {
    ...hostOf([]),
    name,
    hypervisor: moving,
    registry: { use: 'embedded', options: { name: registry } },
    memory: { txRingFrames: 256, rxRingFrames: 256, nicRingFrames: 64 },
    ...more,
    vms: vms.map(vmOf),
  };
}
const pair = (more: Partial<WrittenCluster> = {}, host: Partial<WrittenHostConfig> = {}): WrittenCluster => ({
  duration: '1s',
  links: { delay: '200us' },
  hosts: [member('left', 'one', ['web', 'db'], host), member('right', 'one', ['(web)', 'mail'], host)],
  network: { '*': { delay: '1ms' } },
  senders: [{ vm: 'web', kind: 'constant', rateBps: '8Mbps', frameBytes: 1000 }],
  events: [{ at: '400ms', do: 'vm-migrate', vm: 'web', to: 'right' }],
  ...more,
});
const movesOf = ({ moves = [] }: SimulationResult) =>
  moves.map(({ vm, from, to, state, by }) => `${vm} ${from} ${to} ${state} by ${by}`);
const wrong = ({ accounts }: SimulationResult) => accounts.filter(({ missing }) => missing !== 0);
/** Bits of a VM that arrived in a part of the run, from 0 to 1. */
function bitsIn({ series }: SimulationResult, name: string, from: number, to: number): number {
  const points = series.vms.find((vm) => vm.name === name && vm.direction !== 'attack')?.throughputBps ?? [];
  const part = points.slice(Math.round(from * points.length), Math.round(to * points.length));
  return part.reduce((sum, bps) => sum + bps * series.intervalSeconds, 0);
}

describe('a VM of a simulated host', () => {
  it('goes to another one when the script says so, by the virtual clock', async () => {
    const { moves, events } = await simulate(pair());
    expect(moves).toEqual([
      {
        ...{ vm: 'web', from: 'left', to: 'right', by: 'operator', cause: 'the script', state: 'done', reason: '' },
        ...{ beganSeconds: 0.4, endedSeconds: 0.4412, downtimeMs: 20, outboundFrames: 0, inboundFrames: 0 },
      },
    ]);
    expect(events.map(({ seconds, by, text }) => `${seconds} ${by}: ${text}`)).toEqual([
      '0.4 script: vm-migrate web to right',
      '0.4 host: left: VM web begins to move to host right, for the operator',
      '0.4 host: right: VM web is migrating',
      '0.4212 host: left: VM web rests to change hands',
      '0.4212 host: left: VM web is migrating',
      '0.4412 host: left: VM web is migrated',
      '0.4412 host: left: VM web runs on host right, was away for 20 ms; 0 frames to send and 0 to receive went along',
      '0.4412 host: right: VM web is running',
    ]);
  });

  it('sends on from there, with nothing lost and nothing twice; what was due while it rested is not made up for', async () => {
    const result = await simulate(pair());
    // A frame each millisecond; from 421.2 ms to 441.2 ms there are twenty that were never sent.
    expect(result.flows[0]).toMatchObject({ sentFrames: 981, arrivedFrames: 980, duplicates: 0, outOfOrder: 0 });
    expect(wrong(result)).toEqual([]);
    const nicFrames = result.hosts?.[1]?.nicFrames;
    expect(nicFrames).toBe(559 + 1); // and the announcement of its address
  });

  it('has its connections go on: they are as they were, and lose no more than what was on the way to the old place', async () => {
    const senders: WrittenCluster['senders'] = [
      { name: 'up', vm: 'web', kind: 'tcp' },
      { name: 'down', vm: 'mail', to: 'web', kind: 'tcp' },
      { name: 'near', vm: 'web', to: 'db', kind: 'tcp', sizeBytes: '20MiB' },
    ];
    const result = await simulate(pair({ duration: '3s', senders }));
    expect(result.flows.map(({ sender, duplicates }) => `${sender} ${duplicates}`)).toEqual([
      'up 0',
      'down 0',
      'near 0',
    ]);
    for (const vm of ['web', 'mail']) {
      const [before, after] = [bitsIn(result, vm, 0.05, 0.13), bitsIn(result, vm, 0.6, 1)];
      expect(before).toBeGreaterThan(0);
      expect(after).toBeGreaterThan(before);
    }
    const segments = Math.ceil((20 * 2 ** 20) / (1514 - 54));
    expect(result.flows[2]?.goodputBps).toBe(Math.round((segments * 1514 * 8) / 3));
    expect(wrong(result)).toEqual([]);
  });

  it('takes what waits in its ring along: dropped at the host that it leaves, accepted at the one that it comes to', async () => {
    const written = pair({ senders: [{ vm: 'web', kind: 'constant', rateBps: '200Mbps' }] });
    const result = await simulate(written);
    const stays = await simulate({ ...written, events: [] });
    expect(result.moves?.[0]).toMatchObject({ outboundFrames: 256, inboundFrames: 0 });
    const dropped = (of: SimulationResult) => of.accounts.slice(0, 2).map((account) => account.dropped);
    expect(dropped(stays)).toEqual([0, 0]);
    expect(dropped(result)).toEqual([256, 0]);
    expect(wrong(result)).toEqual([]);
    // They were sent once by the guest, and arrived once.
    expect(result.flows[0]).toMatchObject({ duplicates: 0, outOfOrder: 0 });
    expect(result.vms[0]?.lostFrames).toBe(0);
  });

  it('is found by the script where it is by then, and can come back', async () => {
    const result = await simulate(
      pair({
        events: [
          { at: '300ms', do: 'vm-migrate', vm: 'web' },
          { at: '500ms', do: 'vm-suspend', vm: 'web' },
          { at: '600ms', do: 'vm-resume', vm: 'web' },
          { at: '650ms', do: 'sender-stop', sender: 'web-constant' },
          { at: '700ms', do: 'vm-migrate', vm: 'web', to: 'left' },
          { at: '800ms', do: 'sender-start', sender: 'web-constant' },
        ],
      }),
    );
    expect(movesOf(result)).toEqual(['web left right done by operator', 'web right left done by operator']);
    const told = result.events.filter(({ text }) => /suspended|running/.test(text));
    expect(told.map(({ seconds, text }) => `${seconds} ${text}`)).toEqual([
      '0.3412 right: VM web is running',
      '0.5 right: VM web is suspended',
      '0.6 right: VM web is running',
      '0.7412 left: VM web is running',
    ]);
    expect(bitsIn(result, 'web', 0.52, 0.6)).toBe(0);
    expect(bitsIn(result, 'web', 0.66, 0.8)).toBe(0);
    expect(bitsIn(result, 'web', 0.82, 1)).toBeGreaterThan(1.3e6);
    expect(wrong(result)).toEqual([]);
  });

  it('stays when no host takes it, which is told', async () => {
    const hosts = [member('left', 'one', ['web']), member('right', 'one', ['mail'])];
    const result = await simulate(pair({ hosts, events: [{ at: '400ms', do: 'vm-migrate', vm: 'web' }] }));
    expect(movesOf(result)).toEqual(['web left  refused by operator']);
    expect(result.events.map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/^left: vm-migrate web failed: .*its configuration names no VM "web"/),
    );
    expect(result.flows[0]).toMatchObject({ sentFrames: 1001 });
  });

  it('may still be on its way at the end', async () => {
    const result = await simulate(pair({ duration: '430ms' }));
    expect(movesOf(result)).toEqual(['web left right switching by operator']);
    expect(wrong(result)).toEqual([]);
  });

  it('waits by the virtual clock for a hypervisor that takes its time', async () => {
    const hypervisor = { use: 'simulated', options: { latencyMs: '3ms', downtimeMs: '10ms' } };
    const { moves, events } = await simulate(pair({}, { hypervisor }));
    // It begins with what the destination needs to get ready, and with the call itself.
    expect(moves?.[0]).toMatchObject({ state: 'done', beganSeconds: 0.4, downtimeMs: 10 });
    expect(events.find(({ text }) => text === 'left: VM web rests to change hands')?.seconds).toBeCloseTo(0.406, 3);
  });
});

/** Four hosts that know each other two by two. */
const racks: WrittenCluster = {
  duration: '1s',
  links: { delay: '200us' },
  hosts: [
    member('a1', 'a', ['web', 'db']),
    member('a2', 'a', ['(web)']),
    member('b1', 'b', ['mail']),
    member('b2', 'b', ['(mail)', 'dns']),
  ],
  network: { '*': { delay: '2ms', lossRate: 0.001 } },
  senders: [
    { vm: 'web', kind: 'tcp' },
    { vm: 'dns', to: 'mail', kind: 'constant', rateBps: '1Mbps', spacing: 'poisson' },
    { vm: 'mail', to: 'web', kind: 'tcp' },
    { vm: 'web', kind: 'clients', perSecond: 200 },
  ],
  events: [
    { at: '300ms', do: 'vm-migrate', vm: 'web', to: 'a2' },
    { at: '310ms', do: 'vm-migrate', vm: 'mail' },
    { at: '700ms', do: 'vm-migrate', vm: 'web' },
  ],
};

describe('a simulation with migrations', () => {
  it('gives the same result to the last digit when it is run again, and on two threads', async () => {
    const { scenario } = await checkBuilt(racks, found);
    if (scenario === undefined) throw new Error('the scenario is right');
    const once = await simulateBuilt(scenario);
    expect(movesOf(once)).toEqual([
      'web a1 a2 done by operator',
      'mail b1 b2 done by operator',
      'web a2 a1 done by operator',
    ]);
    expect(wrong(once)).toEqual([]);
    expect(JSON.stringify(await simulateBuilt(scenario))).toBe(JSON.stringify(once));
    // Nor does it depend on whether somebody is told how far it is.
    expect(await simulateBuilt(scenario, { progress: () => undefined })).toEqual(once);
    expect(await simulateBuilt(scenario, { threads: 2 })).toEqual(once);
  }, 60_000);

  it('may go on beside another one of the same hosts', async () => {
    const { scenario } = await checkCluster(pair(), found);
    if (scenario === undefined) throw new Error('the scenario is right');
    const [first, second] = await Promise.all([simulateCluster(scenario), simulateCluster(scenario)]);
    expect(movesOf(second)).toEqual(movesOf(first));
    expect(second.digest).toBe(first.digest);
  });

  it('parts hosts among threads where none knows another by registry or VM', () => {
    const named = (name: string, registry: string | undefined, vms: string[]) =>
      ({ name, registry, host: { config: { vms: vms.map((vm) => ({ name: vm })) } } }) as never;
    expect(racksOf([named('a', undefined, ['x']), named('b', undefined, ['y'])])).toEqual([0, 1]);
    expect(racksOf([named('a', 'r', []), named('b', 's', []), named('c', 'r', []), named('d', 's', [])])).toEqual([0]);
    expect(racksOf([named('a', 'r', []), named('b', 'r', []), named('c', 's', [])])).toEqual([0, 2]);
    expect(racksOf([named('a', undefined, ['x']), named('b', undefined, ['x']), named('c', 's', [])])).toEqual([0, 2]);
  });

  it('says what is wrong with where a VM is to go', async () => {
    const faultsOf = async (event: object) =>
      (await checkCluster(pair({ events: [{ at: '1ms', ...event } as never] }), found)).complaints.map(
        ({ path, what }) => `${path}: ${what}`,
      );
    expect(await faultsOf({ do: 'vm-migrate', vm: 'web', to: 'rigth' })).toEqual([
      'events[0].to: there is no host "rigth"',
    ]);
    expect(await faultsOf({ do: 'vm-migrate', vm: 'db', to: 'right' })).toEqual([
      'events[0].to: host "right" names no VM "db"',
    ]);
    expect(await faultsOf({ do: 'vm-suspend', vm: 'db', to: 'right' })).toEqual([
      'events[0].to: vm-suspend has no "to"',
    ]);
    const alone = simulateOne({
      duration: '1s',
      host: hostOf(['web']),
      senders: [{ vm: 'web', kind: 'tcp' }],
      events: [{ at: '1ms', do: 'vm-migrate', vm: 'web' }],
    });
    await expect(alone).rejects.toThrow('there is no other host');
  });
});

describe('a VM under attack', () => {
  it('is moved to the second host by the responder, with its address and its connections', async () => {
    const host: Partial<WrittenHostConfig> = {
      detectors: [{ use: 'volume', options: {}, windowMs: '100ms' }],
      signals: [{ on: 'attack', responders: [{ use: 'migrate' }] }],
    };
    const written = pair({
      hosts: [member('left', 'one', ['web', 'db'], host), member('right', 'one', ['(web)', 'mail'])],
      duration: '6s',
      senders: [
        { vm: 'web', kind: 'tcp' },
        { vm: 'web', kind: 'flood', perSecond: 20_000, start: '3s', stop: '3500ms' },
      ],
      events: [],
    });
    const result = await simulate(written);
    expect(movesOf(result)).toEqual(['web left right done by responder']);
    expect(result.events.map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/^left: action 1, migrate of VM web by migrate, is standing/),
    );
    const { endedSeconds = 0 } = result.moves?.[0] ?? {};
    expect(bitsIn(result, 'web', (endedSeconds + 0.3) / 6, 1)).toBeGreaterThan(50e6);
    expect(result.flows[0]?.duplicates).toBe(0);
    expect(wrong(result)).toEqual([]);
    expect(await simulate(written)).toEqual(result);
  });
});
