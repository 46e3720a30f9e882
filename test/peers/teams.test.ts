import { createHost, type Host, type HostBuilder, type TeamMembers, use } from '@fairlead/core';
import memoryDevice from '@fairlead/device-emulator-memory';
import activeBackup from '@fairlead/load-distribution-active-backup';
import roundRobin from '@fairlead/load-distribution-round-robin';
import memoryNic from '@fairlead/nic-driver-memory';
import { describe, expect, it } from 'vitest';
import { BROADCAST, frame, frames, sourceOf } from '../requirements/support/frames.ts';
import { guest, MAC, nic, started } from '../requirements/support/hosts.ts';

/*
 * What other systems' test suites ask of a team of NICs, in this host's words. The number of a case is that of the list
 * of cases; its title says where it comes from.
 */
const LINK_POLL_US = 10_000;
const RARP = '8035';

interface About {
  readonly team: TeamMembers;
  readonly nics?: number;
  readonly priority?: Readonly<Record<string, number>>;
  readonly announce?: Parameters<HostBuilder['announce']>[0];
}

/** VMs a and b on a team of simulated NICs A, B, C … under active-backup. */
async function teamed({ team, nics = 2, priority = {}, announce = {} }: About): Promise<Host> {
  const builder = createHost().inline().announce(announce).distribute(use(activeBackup)).team('bond', team);
  for (const name of ['A', 'B', 'C', 'D'].slice(0, nics)) {
    builder.nic(name, use(memoryNic, { keep: true, wireFrames: 4096 }), { priority: priority[name] ?? 0 });
  }
  return started(builder.vm('a', MAC.a, use(memoryDevice)).vm('b', MAC.b, use(memoryDevice)));
}

function link(host: Host, name: string, up: boolean): string | undefined {
  nic(host, name).setLink(up);
  host.run(LINK_POLL_US);
  return host.teams.status('bond').current;
}

/** Frames on each wire since this was last asked: those of VMs, and announcements by source. */
function seen(host: Host): Record<string, { frames: number; announced: string[] }> {
  const names = host.nics.list().map(({ name }) => name);
  return Object.fromEntries(
    names.map((name) => {
      const all = nic(host, name).takeTransmitted();
      const own = all.filter((one) => typeOf(one) === RARP);
      return [name, { frames: all.length - own.length, announced: own.map(sourceOf).sort() }];
    }),
  );
}

const typeOf = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(12, 14)).toString('hex');

function sendBoth(host: Host, count: number): void {
  guest(host, 'a').sendAll(frames(count, MAC.a));
  guest(host, 'b').sendAll(frames(count, MAC.b));
  host.run(1000);
}

describe('active-backup', () => {
  it('case 1: Open vSwitch, with a primary: flows go over B while A is down, each MAC is announced once, and A returns', async () => {
    const host = await teamed({ team: { active: ['A', 'B'], primary: 'A' } });
    sendBoth(host, 5);
    expect(seen(host)).toEqual({ A: { frames: 10, announced: [] }, B: { frames: 0, announced: [] } });
    expect(link(host, 'A', false)).toBe('B');
    sendBoth(host, 5);
    host.run(90_000); // within a tenth of a second in all
    expect(seen(host)).toEqual({ A: { frames: 0, announced: [] }, B: { frames: 10, announced: [MAC.a, MAC.b] } });
    expect(link(host, 'A', true)).toBe('A');
    sendBoth(host, 5);
    expect(seen(host)).toEqual({ A: { frames: 10, announced: [MAC.a, MAC.b] }, B: { frames: 0, announced: [] } });
    host.assertConserved();
  });

  it('case 2: Open vSwitch, primary validation: a member that left, that is named again, and that is no primary any more', async () => {
    const host = await teamed({ nics: 3, team: { active: ['A', 'B', 'C'], primary: 'A' } });
    const current = () => host.teams.status('bond').current;
    host.teams.edit('bond', { active: ['B', 'C'] }, host.nowUs);
    expect(current()).toBe('B');
    expect(() => host.teams.setActive('bond', 'A', host.nowUs)).toThrow(
      expect.objectContaining({ code: 'FAIRLEAD_ERR_HOST_STATE' }),
    );
    expect(() => host.teams.setActive('bond', 'Z', host.nowUs)).toThrow(
      expect.objectContaining({ code: 'FAIRLEAD_ERR_UNKNOWN_NIC', what: 'team "bond" has no member "Z"' }),
    );
    host.teams.edit('bond', { active: ['A', 'B', 'C'] }, host.nowUs);
    expect(current()).toBe('A');
    host.teams.edit('bond', { primary: 'B' }, host.nowUs);
    expect(current()).toBe('B');
    host.teams.edit('bond', { primary: null }, host.nowUs);
    expect(current()).toBe('B');
  });

  it.each([
    ['always', ['B', 'C', 'A', 'C', 'B']],
    ['better', ['B', 'C', 'A', 'A', 'A']],
    ['failure', ['B', 'C', 'A', 'A', 'A']],
  ] as const)('case 6: Linux bonding, priorities 0, 10, 11 with primary B: reselect %s', async (reselect, expected) => {
    const priority = { B: 10, C: 11 };
    const host = await teamed({ nics: 3, priority, team: { active: ['A', 'B', 'C'], primary: 'B', reselect } });
    const steps = [host.teams.status('bond').current, link(host, 'B', false), link(host, 'C', false)];
    steps.push(link(host, 'C', true), link(host, 'B', true));
    expect(steps).toEqual(expected);
    if (reselect !== 'always') expect(link(host, 'A', false)).toBe('B');
  });

  it.each([10, 20, 30, 50])(
    'case 8: Linux bonding, %i announcements a second apart, all on the new NIC',
    async (count) => {
      const host = await teamed({ team: { active: ['A'], standby: ['B'] }, announce: { count, spacingMs: '1s' } });
      link(host, 'A', false);
      host.run((count + 3) * 1e6);
      const { A, B } = seen(host);
      const ofEach = (mac: string): number => B.announced.filter((one) => one === mac).length;
      expect([A.announced.length, ofEach(MAC.a), ofEach(MAC.b)]).toEqual([0, count, count]);
    },
  );

  it('case 12: teamd, a member made active by hand carries everything, and the other is quiet', async () => {
    const host = await teamed({ team: { active: ['A', 'B'] }, announce: { count: 0 } });
    for (const [active, quiet] of [
      ['B', 'A'],
      ['A', 'B'],
    ] as const) {
      host.teams.setActive('bond', active, host.nowUs);
      for (let second = 0; second < 10; second++) {
        sendBoth(host, 5);
        host.run(1e6);
      }
      expect(seen(host)).toMatchObject({ [active]: { frames: 100 }, [quiet]: { frames: 0 } });
    }
    host.assertConserved();
  });
});

describe('a team', () => {
  it('case 11: DPDK, a NIC without events: a change of its link is found by polling, every 10 ms', async () => {
    const host = await teamed({ team: { active: ['A', 'B'] } });
    const heard: string[] = [];
    host.on('nic', ({ nic: name, state, cause }) => heard.push(`${name} ${state}: ${cause}`));
    const pollMs = host.config.monitor.linkPollMs;
    for (const up of [false, true]) {
      nic(host, 'A').setLink(up);
      host.run(pollMs * 1000);
    }
    expect([pollMs, heard]).toEqual([10, ['A down: link down', 'A up: link up']]);
  });

  it.each([
    ['active-backup', use(activeBackup), { active: ['A', 'B'] }],
    ['active-backup with a standby', use(activeBackup), { active: ['A'], standby: ['B'] }],
    ['round-robin', use(roundRobin), { active: ['A', 'B'] }],
    ['round-robin with a standby', use(roundRobin), { active: ['A'], standby: ['B', 'C'] }],
  ] as const)(
    'case 15: libteam, members added and removed again and again under %s leave no trace',
    async (_mode, policy, team) => {
      const builder = createHost().inline().announce({ count: 0 }).distribute(policy);
      builder.team('bond', {
        active: [...team.active],
        standby: [...('standby' in team ? team.standby : [])],
        unused: ['D'],
      });
      for (const name of ['A', 'B', 'C', 'D']) builder.nic(name, use(memoryNic));
      const host = await started(builder.vm('a', MAC.a, use(memoryDevice)));
      const before = host.teams.status('bond');
      for (let loop = 0; loop < 100; loop++) {
        host.teams.edit('bond', { active: [...team.active, 'D'] }, host.nowUs);
        guest(host, 'a').sendAll(frames(4, MAC.a));
        host.run(1000);
        host.teams.edit('bond', { active: [...team.active] }, host.nowUs);
        guest(host, 'a').sendAll(frames(4, MAC.a));
        host.run(1000);
      }
      expect(host.teams.status('bond')).toEqual(before);
      expect(host.nics.list().map(({ failover, pendingBytes }) => [failover, pendingBytes])).toEqual(
        Array.from({ length: 4 }, () => [false, 0]),
      );
      expect(host.vms.status('a').transmittedFrames).toBe(800);
      host.assertConserved();
    },
  );

  it.each([
    ['one-member', 1],
    ['all-members', 2],
  ] as const)(
    'case 22: Open vSwitch, a broadcast that a member receives which is not the active one: %s',
    async (receive, delivered) => {
      const host = await teamed({ team: { active: ['A', 'B'], receive } });
      for (const name of ['A', 'B']) nic(host, name).deliver(frame('52:54:00:00:00:99', { destination: BROADCAST }));
      host.run(1000);
      const { nics, vms } = host.arena;
      expect([...vms.rxFrames]).toEqual([delivered, delivered]);
      expect(nics.rxDropped.reduce((sum, count) => sum + count, 0)).toBe(2 - delivered);
      host.assertConserved();
    },
  );
});
