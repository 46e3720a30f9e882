import { DROP_REASONS, type DropReasonName } from '@fairlead/sdk';
import { afterEach, describe, expect, it } from 'vitest';
import type { WrittenHostConfig } from '../../src/config.ts';
import type { Host } from '../../src/host.ts';
import type { TeamMove } from '../../src/teams/team-status.ts';
import { BEYOND, BROADCAST, frame, macOf } from '../given/frames.ts';
import { guestOf, inlineHost, memoryNic, memoryVm, nicOf } from '../given/inline-host.ts';

let host: Host;
afterEach(() => host.close());

const LINK_POLL_US = 10_000;

async function given(change: Partial<WrittenHostConfig>): Promise<TeamMove[]> {
  host = await inlineHost({ nics: [0, 1, 2, 3].map((i) => memoryNic(`nic${i}`)), ...change });
  const moves: TeamMove[] = [];
  host.on('team', (move) => moves.push(move));
  return moves;
}

/** VMs' frames on each wire since this was last asked; announcements are left out. */
const sent = (): number[] =>
  host.nics.list().map(
    ({ name }) =>
      nicOf(host, name)
        .takeTransmitted()
        .filter((bytes) => bytes[12] !== 0x80).length,
  );

function send(vm: number, count: number): void {
  for (let i = 0; i < count; i++) guestOf(host, `vm${vm}`).send(frame({ from: macOf(vm) }));
  host.run(1000);
}

function setLink(nic: string, up: boolean): void {
  nicOf(host, nic).setLink(up);
  host.run(LINK_POLL_US);
}

/** A frame arrives on a NIC. */
function arrives(nic: string, to: string, from = BEYOND): void {
  nicOf(host, nic).deliver(frame({ from, to }));
  host.run(1000);
}

/** Frames that each VM has been given. */
const received = (): number[] => [...host.arena.vms.rxFrames];

function droppedOn(nic: number, reason: DropReasonName): number {
  return host.arena.nics.rxDropped[nic * DROP_REASONS.length + DROP_REASONS.indexOf(reason)] as number;
}

const two: Partial<WrittenHostConfig> = {
  teams: [
    { name: 'red', active: ['nic0'], standby: ['nic1'], failover: 'blue' },
    { name: 'blue', active: ['nic2', 'nic3'] },
  ],
  vms: [memoryVm(0, { team: 'red' }), memoryVm(1, { team: 'blue' })],
};

describe('a host with two teams', () => {
  it('sends what each VM sends over a NIC of its own team', async () => {
    await given(two);
    send(0, 10);
    send(1, 7);
    expect(sent()).toEqual([10, 0, 7, 0]);
    host.assertConserved();
  });

  it('lets a standby serve, then the other team, and returns step by step', async () => {
    const moves = await given(two);
    setLink('nic0', false);
    send(0, 10);
    expect(sent()).toEqual([0, 10, 0, 0]);
    setLink('nic1', false);
    send(0, 5);
    expect([sent(), host.teams.status('red').servedBy]).toEqual([[0, 0, 5, 0], 'blue']);
    setLink('nic0', true);
    send(0, 3);
    expect(sent()).toEqual([3, 0, 0, 0]);
    expect(moves.map(({ team, from, to, cause }) => [team, from.join(), to.join(), cause])).toEqual([
      ['red', 'nic0', 'nic1', 'nic0: link down'],
      ['red', 'nic1', 'nic2,nic3', 'nic1: link down'],
      ['red', 'nic2,nic3', 'nic0', 'nic0: link up'],
    ]);
    host.assertConserved();
  });

  it('keeps the teams’ networks apart, also for frames from one VM to another', async () => {
    await given(two);
    guestOf(host, 'vm0').send(frame({ from: macOf(0), to: macOf(1) }));
    host.run(1000);
    expect([sent(), received()]).toEqual([
      [1, 0, 0, 0],
      [0, 0],
    ]);
    arrives('nic2', macOf(1), macOf(0)); // the switch has sent it on
    arrives('nic0', macOf(1));
    expect([received(), droppedOn(0, 'no-destination')]).toEqual([[0, 1], 1]);
    host.assertConserved();
  });

  it('delivers a broadcast to the VMs of the team, once, however many members receive it', async () => {
    await given(two);
    for (const nic of ['nic0', 'nic1', 'nic2', 'nic3']) arrives(nic, BROADCAST);
    expect(received()).toEqual([1, 1]);
    expect([0, 1, 2, 3].map((nic) => droppedOn(nic, 'duplicate'))).toEqual([0, 1, 0, 1]);
    host.assertConserved();
  });

  it('delivers every member’s broadcasts when the switch sends each once', async () => {
    await given({ teams: [{ name: 'lag', active: ['nic0', 'nic1'], receive: 'all-members' }] });
    arrives('nic0', BROADCAST);
    arrives('nic1', BROADCAST);
    expect(received()).toEqual([2, 2]);
  });

  it('drops a frame that a VM of the team sent and that comes back', async () => {
    await given(two);
    arrives('nic1', BROADCAST, macOf(0));
    arrives('nic2', BROADCAST, macOf(0));
    expect([received(), droppedOn(1, 'reflected'), droppedOn(2, 'reflected')]).toEqual([[0, 1], 1, 0]);
  });
});

describe('a team that is changed while it runs', () => {
  it('follows an edited order, a primary and a member set by hand, without losing a frame', async () => {
    await given({ teams: [{ name: 'team', active: ['nic0', 'nic1'], unused: ['nic2'] }] });
    send(0, 4);
    host.teams.edit('team', { active: ['nic2'], standby: ['nic1'] }, host.nowUs);
    send(0, 5);
    host.teams.edit('team', { active: ['nic2', 'nic1'], primary: 'nic1' }, host.nowUs);
    expect(host.teams.status('team')).toMatchObject({ current: 'nic1', serving: ['nic1', 'nic2'], unused: ['nic0'] });
    host.teams.setActive('team', 'nic2', host.nowUs);
    expect(host.arena.teams.preferred(0)).toBe(2);
    expect(host.nics.status('nic0')).toMatchObject({ role: 'unused', available: false });
    expect(sent()).toEqual([4, 0, 5, 0]);
    host.assertConserved();
  });

  it.each([
    [() => host.teams.edit('green', {}, 0), 'FAIRLEAD_ERR_UNKNOWN_TEAM'],
    [() => host.teams.edit('team', { active: ['nic9'] }, 0), 'FAIRLEAD_ERR_UNKNOWN_NIC'],
    [() => host.teams.edit('team', { active: ['nic3'] }, 0), 'FAIRLEAD_ERR_UNKNOWN_NIC'],
    [() => host.teams.edit('team', { active: [] }, 0), 'FAIRLEAD_ERR_HOST_STATE'],
    [() => host.teams.edit('team', { active: ['nic0', 'nic0'] }, 0), 'FAIRLEAD_ERR_HOST_STATE'],
    [() => host.teams.setActive('team', 'nic2', 0), 'FAIRLEAD_ERR_HOST_STATE'],
  ])('stays as it was when it is asked for something wrong (%#)', async (ask, code) => {
    await given({ teams: [{ name: 'team', active: ['nic0', 'nic1'], unused: ['nic2'] }] });
    const before = host.teams.status('team');
    expect(ask).toThrow(expect.objectContaining({ code }));
    expect(host.teams.status('team')).toEqual(before);
  });
});

describe('the configuration of teams', () => {
  it.each([
    [{ teams: [{ name: 't', active: ['nic9'] }] }, 'teams[0].active[0]'],
    [{ teams: [{ name: 't', active: ['nic0'], standby: ['nic0'] }] }, 'teams[0].standby[0]'],
    [{ teams: [{ name: 't', active: [] }] }, 'teams[0].active'],
    [{ teams: [{ name: 't', active: ['nic0'], minLinks: 2 }] }, 'teams[0].minLinks'],
    [{ teams: [{ name: 't', active: ['nic0'], primary: 'nic1' }] }, 'teams[0].primary'],
    [{ teams: [{ name: 't', active: ['nic0'], failover: 't' }] }, 'teams[0].failover'],
    [{ teams: [{ name: 't', active: ['nic0'], failover: 'u' }] }, 'teams[0].failover'],
    [{ vms: [memoryVm(0, { team: 'nowhere' })] }, 'vms[0].team'],
  ] as [Partial<WrittenHostConfig>, string][])('is refused where it is wrong: %j', async (change, where) => {
    await given({});
    await expect(inlineHost(change)).rejects.toMatchObject({ code: 'FAIRLEAD_ERR_CONFIG_NAME', where });
  });
});
