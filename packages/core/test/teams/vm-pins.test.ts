import { isFairleadError } from '@fairlead/sdk';
import { afterEach, describe, expect, it } from 'vitest';
import type { WrittenHostConfig } from '../../src/config.ts';
import type { Host } from '../../src/host.ts';
import type { TeamMove } from '../../src/teams/team-status.ts';
import { frame, macOf, markOf, sourceOf } from '../given/frames.ts';
import { guestOf, inlineHost, memoryNic, memoryVm, nicOf } from '../given/inline-host.ts';

let host: Host | undefined;
afterEach(async () => {
  await host?.close();
  host = undefined;
});

const NICS = ['nic0', 'nic1', 'nic2'] as const;

/** Two active NICs and a standby; frames go in turn over those that serve. */
async function given(change: Partial<WrittenHostConfig> = {}): Promise<Host> {
  host = await inlineHost({
    nics: NICS.map((name, i) => memoryNic(name, {}, i === 2 ? { role: 'standby' } : {})),
    vms: [memoryVm(0), memoryVm(1)],
    distribution: { use: 'round-robin' },
    ...change,
  });
  return host;
}

/** Sends ten frames of each VM; how many of VM `vm` each NIC has put on its wire. */
function tenOf(running: Host, vm: number): number[] {
  for (const one of [0, 1]) for (let i = 0; i < 10; i++) guestOf(running, `vm${one}`).send(frame({ from: macOf(one) }));
  running.run(20_000);
  running.assertConserved();
  return NICS.map((nic) => {
    const sent = nicOf(running, nic).takeTransmitted();
    return sent.filter((one) => sourceOf(one) === macOf(vm)).length;
  });
}

const refusalOf = (act: () => void): unknown => {
  try {
    act();
  } catch (error) {
    return isFairleadError(error) ? error.code : error;
  }
  return undefined;
};

describe('a VM that an operator puts on one member', () => {
  it('goes over that one alone, and the others over all, until it is released', async () => {
    const running = await given();
    expect(tenOf(running, 0)).toEqual([5, 5, 0]);
    running.teams.pin('vm0', 'nic1', running.nowUs);
    expect(tenOf(running, 0)).toEqual([0, 10, 0]);
    expect(running.teams.pinOf('vm0')).toBe('nic1');
    expect(tenOf(running, 1)).toEqual([5, 5, 0]);
    running.teams.pin('vm0', undefined, running.nowUs);
    expect(tenOf(running, 0)).toEqual([5, 5, 0]);
    expect(running.teams.pinOf('vm0')).toBeUndefined();
  });

  it('goes where the others go once that one ceases to serve, and stays there when it is back', async () => {
    const running = await given();
    running.teams.pin('vm0', 'nic1', running.nowUs);
    nicOf(running, 'nic1').setLink(false);
    running.run(20_000);
    expect(tenOf(running, 0)).toEqual([5, 0, 5]);
    nicOf(running, 'nic1').setLink(true);
    running.run(20_000);
    expect(tenOf(running, 0)).toEqual([5, 5, 0]);
  });

  it('is told of with its cause, also when its NIC takes it away', async () => {
    const running = await given();
    const told: TeamMove[] = [];
    running.on('team', (move) => told.push(move));
    running.teams.pin('vm0', 'nic1', running.nowUs);
    running.teams.pin('vm0', 'nic1', running.nowUs); // is there already
    running.teams.pin('vm1', 'nic0', running.nowUs);
    running.teams.pin('vm1', undefined, running.nowUs);
    running.teams.pin('vm1', undefined, running.nowUs); // is free already
    running.nics.setAdmin('nic1', false);
    const moves = told.map(({ vm, from, to, cause }) => [vm ?? 'team', from.join(), to.join(), cause]);
    expect(moves).toEqual([
      ['vm0', 'nic0,nic1', 'nic1', 'migrated by the operator'],
      ['vm1', 'nic0,nic1', 'nic0', 'migrated by the operator'],
      ['vm1', 'nic0', 'nic0,nic1', 'released by the operator'],
      ['vm0', 'nic1', 'nic0,nic2', 'nic1: disabled by the operator'],
      ['team', 'nic0,nic1', 'nic0,nic2', 'nic1: disabled by the operator'],
    ]);
    expect(running.teams.moves.slice(-5)).toEqual(told);
  });

  it('is announced where it is now, and nobody else is', async () => {
    const running = await given({ announce: { count: 2, spacingMs: '10ms' } });
    running.teams.pin('vm0', 'nic1', running.nowUs);
    running.run(100_000);
    const seen = NICS.map((nic) => nicOf(running, nic).takeTransmitted().map(sourceOf));
    expect(seen).toEqual([[], [macOf(0), macOf(0)], []]);
  });

  it('keeps its frames in order when it moves while many of them wait', async () => {
    const slow = { speedBps: 8e6, wireFrames: 4 };
    const running = await given({
      nics: NICS.map((name) => memoryNic(name, slow)),
      distribution: { use: 'active-backup' },
    });
    const order: number[] = [];
    for (const nic of NICS) {
      const driver = nicOf(running, nic) as unknown as {
        send(burst: { count: number; memory: Uint8Array; offset: Int32Array }): number;
      };
      const send = driver.send.bind(driver);
      driver.send = (burst) => {
        const taken = send(burst);
        for (let i = 0; i < taken; i++) order.push(markOf(burst.memory.slice(burst.offset[i], burst.offset[i] + 64)));
        return taken;
      };
    }
    for (let i = 0; i < 60; i++) {
      guestOf(running, 'vm0').send(frame({ from: macOf(0), mark: i }));
      running.run(50);
      if (i % 10 === 9) running.teams.pin('vm0', NICS[(i / 10) & 1 ? 0 : 1], running.nowUs);
    }
    running.run(200_000);
    expect(order).toEqual([...Array(60).keys()]);
    running.assertConserved();
  });

  it.each([
    ['vm7', 'nic0', 'FAIRLEAD_ERR_UNKNOWN_VM'],
    ['vm0', 'nic7', 'FAIRLEAD_ERR_UNKNOWN_NIC'],
    ['vm0', 'nic2', 'FAIRLEAD_ERR_HOST_STATE'],
  ])('%s on %s is refused with %s, and nothing changes', async (vm, nic, code) => {
    const running = await given();
    const before = running.teams.moves.length;
    expect(refusalOf(() => running.teams.pin(vm, nic, running.nowUs))).toBe(code);
    expect([running.teams.pinOf('vm0'), running.teams.moves.length]).toEqual([undefined, before]);
  });
});
