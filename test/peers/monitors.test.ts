import { createHost, type Host, type Used, use } from '@fairlead/core';
import memoryDevice from '@fairlead/device-emulator-memory';
import beacon from '@fairlead/link-monitor-beacon';
import lacp from '@fairlead/link-monitor-lacp';
import probe from '@fairlead/link-monitor-probe';
import activeBackup from '@fairlead/load-distribution-active-backup';
import memoryNic, { Segment } from '@fairlead/nic-driver-memory';
import { describe, expect, it } from 'vitest';
import { frames } from '../requirements/support/frames.ts';
import { guest, MAC, nic, started } from '../requirements/support/hosts.ts';

/*
 * Link monitors on whole hosts: two of them on the same cables, each on its own virtual clock, stepped together. A cut
 * cable loses every frame while both ends have a link.
 */
const STEP_US = 10_000;
const SECOND_US = 1e6;

/** A host whose NICs A, B … are on the given cables. */
async function hostOn(name: string, cables: readonly string[], monitors: Used<'link-monitor'>[], mac: string) {
  const builder = createHost().inline().announce({ count: 0 }).distribute(use(activeBackup));
  const names = ['A', 'B', 'C'].slice(0, cables.length);
  for (const [i, cable] of cables.entries()) {
    builder.nic(names[i] as string, use(memoryNic, { segment: cable, keep: true, latencyUs: 5 }));
  }
  builder.team('bond', { active: names, receive: 'all-members', monitors });
  return started(builder.vm(name, mac, use(memoryDevice)));
}

let cables = 0;
/** Names of cables that no other test has. */
const newCables = (count: number): string[] => Array.from({ length: count }, () => `monitors ${cables++}`);

function run(hosts: readonly Host[], forUs: number): void {
  for (let left = forUs; left > 0; left -= STEP_US) for (const host of hosts) host.run(STEP_US);
}

const cut = (host: Host, name: string, isCut: boolean): void => nic(host, name).setLoss(isCut ? 1 : 0);
const serving = (host: Host): string => host.teams.status('bond').serving.join(' ');
const why = (host: Host, index: number): string =>
  (host.nics.monitors?.verdicts(index) ?? []).map(({ verdict, why }) => `${verdict}: ${why}`).join();

describe('LACP', () => {
  const agreedBy = (partner: string, port: number): string =>
    `up: partner ${partner}, key 1, port ${port}: distributing`;

  it('case 28: Open vSwitch, 2 links, fast: one that is cut is expired, then defaulted, the other untouched; back within 30.1 s', async () => {
    const links = newCables(2);
    const near = await hostOn('a', links, [use(lacp, { rate: 'fast', system: '02:00:00:00:00:0a' })], MAC.a);
    const far = await hostOn('b', links, [use(lacp, { rate: 'fast', system: '02:00:00:00:00:0b' })], MAC.b);
    const both = [near, far];
    run(both, 5 * SECOND_US);
    const [A, B] = [agreedBy('02000000000b', 1), agreedBy('02000000000b', 2)];
    expect([why(near, 0), why(near, 1), serving(far)]).toEqual([A, B, 'A B']);
    cut(near, 'A', true);
    run(both, 4.1 * SECOND_US);
    expect([why(near, 0), why(near, 1)]).toEqual(['down: partner 02000000000b, key 1, port 1 is silent', B]);
    expect([near.nics.status('A').carrier, serving(near), serving(far)]).toEqual([true, 'B', 'B']);
    run(both, 4.1 * SECOND_US);
    expect([why(near, 0), why(near, 1)]).toEqual(['down: no partner speaks LACP', B]);
    cut(near, 'A', false);
    run(both, 30.1 * SECOND_US);
    expect([why(near, 0), why(near, 1), serving(near), serving(far)]).toEqual([A, B, 'B A', 'B A']);
    for (const host of both) host.assertConserved();
  });

  it('case 29: DPDK, shortened timeouts, one partner mute for 900 ms: only that NIC expires', async () => {
    const links = newCables(3);
    const short = { rate: 'fast', fastPeriodicMs: 200, slowPeriodicMs: 600, aggregateWaitMs: 100 } as const;
    const near = await hostOn('a', links, [use(lacp, { ...short, system: '02:00:00:00:00:0a' })], MAC.a);
    const far = await hostOn('b', links, [use(lacp, { ...short, system: '02:00:00:00:00:0b' })], MAC.b);
    const both = [near, far];
    run(both, SECOND_US);
    expect([serving(near), serving(far)]).toEqual(['A B C', 'A B C']);
    const left: string[] = [];
    near.on('nic', ({ nic: name, state }) => left.push(`${name} ${state}`));
    cut(near, 'B', true);
    run(both, 0.9 * SECOND_US);
    expect([left, why(near, 1)]).toEqual([['B down'], 'down: partner 02000000000b, key 1, port 2 is silent']);
    cut(near, 'B', false);
    run(both, SECOND_US);
    expect([left, serving(near)]).toEqual([['B down', 'B up'], 'A B C']);
  });

  it('carries no frame before the switch has agreed, and loses none', async () => {
    const links = newCables(1);
    const near = await hostOn('a', links, [use(lacp, { rate: 'fast' })], MAC.a);
    const far = await hostOn('b', links, [use(lacp, { rate: 'fast' })], MAC.b);
    run([near, far], STEP_US * 2);
    guest(near, 'a').sendAll(frames(10, MAC.a));
    run([near, far], SECOND_US);
    expect([serving(near), near.vms.status('a').transmittedFrames]).toEqual(['', 0]);
    run([near, far], 3 * SECOND_US);
    expect([serving(near), near.vms.status('a').transmittedFrames]).toEqual(['A', 10]);
    near.assertConserved();
  });
});

describe('beacons', () => {
  const monitors = [use(beacon, { key: 'a secret of this test' })];

  it('take the one of three NICs out of service that is cut off, and keep two that are cut off from each other', async () => {
    const lan = newCables(1)[0] as string;
    const three = await hostOn('a', [lan, lan, lan], monitors, MAC.a);
    run([three], 2 * SECOND_US);
    expect(serving(three)).toBe('A B C');
    cut(three, 'A', true);
    run([three], 5 * SECOND_US);
    expect([serving(three), why(three, 0)]).toEqual(['B C', 'down: it neither hears beacons nor is heard (1, 2 do)']);
    cut(three, 'A', false);
    run([three], 2 * SECOND_US);
    expect(serving(three)).toBe('B A C');

    const two = await hostOn('b', [lan, lan], monitors, MAC.b);
    run([two], 2 * SECOND_US);
    cut(two, 'A', true);
    run([two], 5 * SECOND_US);
    expect([serving(two), why(two, 0)]).toEqual(['A B', 'ambiguous: no two members exchange beacons']);
    expect(guest(two, 'b').counters.receivedFrames).toBe(0);
  });
});

describe('probes', () => {
  it('take a NIC out of service over which the router does not answer', async () => {
    const [one = '', other = ''] = newCables(2);
    const host = await hostOn('a', [one, other], [use(probe, { targets: ['192.0.2.1'] })], MAC.a);
    let isThere = true;
    for (const cable of [one, other]) {
      const segment = Segment.named(cable);
      const router = {
        arrive(memory: Uint8Array, at: number, bytes: number, dueUs: number): void {
          const request = memory.slice(at, at + bytes);
          if (request[13] !== 6 || (cable === one && !isThere)) return;
          const mac = [6, 0, 0, 0, 0, 0x99];
          const reply = new Uint8Array(60);
          reply.set([...request.subarray(6, 12), ...mac, ...request.subarray(12, 20), 0, 2], 0);
          reply.set([...mac, ...request.subarray(38, 42), ...request.subarray(22, 32)], 22);
          segment.carry(router, reply, 0, 60, dueUs);
        },
      };
      segment.add(router);
    }
    run([host], 2 * SECOND_US);
    expect([serving(host), why(host, 0)]).toEqual(['A B', 'up: every target answers']);
    isThere = false;
    run([host], 5 * SECOND_US);
    expect([serving(host), why(host, 0)]).toEqual(['B', 'down: no answer from 192.0.2.1']);
    isThere = true;
    run([host], 2 * SECOND_US);
    expect(serving(host)).toBe('B A');
    host.assertConserved();
  });
});
