import { definePlugin, type LoadDistribution, type MoveLog, Moves, Nics, type NicTable, Type } from '@fairlead/sdk';
import { testNics, testVms } from '@fairlead/sdk/testing';
import { afterEach, describe, expect, it } from 'vitest';
import type { Host } from '../../src/host.ts';
import { MoveBook } from '../../src/teams/move-book.ts';
import type { TeamMove } from '../../src/teams/team-status.ts';
import { frame, macOf } from '../given/frames.ts';
import { guestOf, inlineHost, memoryNic, nicOf } from '../given/inline-host.ts';
import { endHost, startHost } from '../given/worker-host.ts';

describe('the book of moves', () => {
  const arena = { nics: testNics([1e9, 1e9]), vms: testVms([{}]) } as never;

  it('has names for numbers, and the moves in the order of their time', () => {
    const told: TeamMove[] = [];
    const book = new MoveBook(arena, ['uplinks'], (move) => told.push(move));
    book.addOfPolicy('mine', { team: 0, what: 'bucket 7', from: [0], to: [1, 9], cause: 'uneven load' }, 3, 20);
    book.add({ atUs: 10, team: 'uplinks', from: [], to: ['nic0'], cause: 'nic0: link up' });
    book.addOfPolicy('mine', { team: 4, vm: 0, from: [0], to: [1], cause: 'uneven load' }, 0, 30);
    const by = { policy: 'mine', from: ['nic0'], cause: 'uneven load' };
    expect(book.list()).toEqual([
      { atUs: 10, team: 'uplinks', from: [], to: ['nic0'], cause: 'nic0: link up' },
      { ...by, atUs: 20, team: 'uplinks', what: 'bucket 7', leftOut: 3, to: ['nic1', '9'] },
      { ...by, atUs: 30, team: '4', vm: 'vm0', to: ['nic1'] },
    ]);
    expect(told).toHaveLength(3);
  });

  it('keeps 256 of load distribution, which push out no others', () => {
    const book = new MoveBook(arena, ['uplinks'], () => undefined);
    book.add({ atUs: 0, team: 'uplinks', from: [], to: ['nic0'], cause: 'nic0: link up' });
    const move = { team: 0, from: [0], to: [1], cause: 'again' };
    for (let atUs = 1; atUs <= 1000; atUs++) book.addOfPolicy('mine', move, 0, atUs);
    const kept = book.list();
    expect([kept.length, kept[0]?.cause, kept[1]?.atUs, kept[256]?.atUs]).toEqual([257, 'nic0: link up', 745, 1000]);
  });
});

/** Puts every batch on the NIC after that of the one before, and says so. */
class Restless implements LoadDistribution {
  static readonly inject = [Nics, Moves];
  #turn = 0;

  constructor(
    readonly nics: NicTable,
    readonly moves: MoveLog,
  ) {}

  select(batch: Parameters<LoadDistribution['select']>[0]): undefined {
    const { available, availableCount } = this.nics;
    const [from, to] = [available[this.#turn % availableCount], available[++this.#turn % availableCount]];
    this.moves.moved({ team: 0, vm: batch.vm, from: [from], to: [to], cause: 'it never rests' });
    batch.nic.fill(to, 0, batch.count);
  }
}

const restless = definePlugin({
  kind: 'load-distribution',
  name: 'restless',
  apiVersion: 1,
  options: Type.Object({}, { additionalProperties: false }),
  implementation: Restless,
}) as never;

describe('a host', () => {
  let host: Host | undefined;
  afterEach(async () => {
    await host?.close();
    host = undefined;
    await endHost();
  });

  it('lists what load distribution moves among what happens to the teams, and tells of it', async () => {
    host = await inlineHost({
      distribution: { use: 'flow-hash' },
      nics: [0, 1, 2, 3].map((i) => memoryNic(`nic${i}`)),
    });
    const told: TeamMove[] = [];
    host.on('team', (move) => told.push(move));
    guestOf(host, 'vm0').send(frame({ from: macOf(0) }));
    host.run(1000);
    nicOf(host, 'nic3').setLink(false);
    host.run(20_000);
    guestOf(host, 'vm0').send(frame({ from: macOf(0) }));
    host.run(1000);
    host.assertConserved();
    expect(host.teams.moves.map(({ policy, what, from, to }) => [policy, what, from, to])).toEqual([
      [undefined, undefined, ['nic0', 'nic1', 'nic2', 'nic3'], ['nic0', 'nic1', 'nic2']],
      ['flow-hash', '22 buckets', ['nic3'], ['nic0']],
      ['flow-hash', '21 buckets', ['nic3'], ['nic1']],
      ['flow-hash', '21 buckets', ['nic3'], ['nic2']],
    ]);
    expect(told).toEqual(host.teams.moves);
  });

  it('hears of moves in worker threads, too', async () => {
    const running = await startHost({ distribution: { use: 'flow-hash' } }, 1);
    const moved = new Promise<TeamMove>((resolve) =>
      running.host.on('team', (move) => move.policy !== undefined && resolve(move)),
    );
    running.send(0, 1);
    await running.untilTransmitted(0, 1);
    running.host.nics.setAdmin('nic1', false);
    running.send(0, 1);
    expect(await moved).toMatchObject({ policy: 'flow-hash', what: '128 buckets', from: ['nic1'], to: ['nic0'] });
  });

  it('lists nothing that a shadow would have moved', async () => {
    host = await inlineHost({ distribution: { use: 'round-robin', shadow: { use: 'restless' } } }, [restless]);
    for (let i = 0; i < 5; i++) {
      guestOf(host, 'vm0').send(frame({ from: macOf(0) }));
      host.run(1000);
    }
    expect(host.teams.moves).toEqual([]);
    await host.swap('distribution', { use: 'restless' });
    guestOf(host, 'vm0').send(frame({ from: macOf(0) }));
    host.run(1000);
    expect(host.teams.moves).toMatchObject([{ policy: 'restless', vm: 'vm0', cause: 'it never rests' }]);
  });
});
