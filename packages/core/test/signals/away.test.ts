import { afterEach, describe, expect, it } from 'vitest';
import type { WrittenHostConfig } from '../../src/config.ts';
import type { Host } from '../../src/host.ts';
import { BROADCAST, frame, macOf, markOf } from '../given/frames.ts';
import { guestOf, memoryNic, nicOf } from '../given/inline-host.ts';
import { type Ask, hold, powerHost } from '../given/powers.ts';
import { pass } from '../given/responders.ts';

let host: Host | undefined;
afterEach(async () => {
  await host?.close();
  host = undefined;
});

async function given(ask: Ask, change: Partial<WrittenHostConfig> = {}): Promise<Host> {
  host = await powerHost([ask], change);
  return host;
}

describe('a VM that has failed over to another team', () => {
  const sentBy = (running: Host, nic: string): number[] => nicOf(running, nic).takeTransmitted().map(markOf);

  it('sends over that one in order, and over its own again, and loses nothing', async () => {
    const running = await given((c) => c.failover(0, 'away'));
    let mark = 0;
    const send = (count: number): void => {
      for (let i = 0; i < count; i++) guestOf(running, 'vm0').send(frame({ from: macOf(0), mark: mark++ }));
    };
    const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
    send(10);
    await hold(running);
    send(10);
    await pass(running, 1);
    expect([sentBy(running, 'nic0'), sentBy(running, 'nic1')]).toEqual([range(0, 10), range(10, 20)]);
    expect(running.teams.status('away').vms).toEqual(['vm0']);
    await hold(running, false);
    send(10);
    await pass(running, 1);
    expect([sentBy(running, 'nic0'), sentBy(running, 'nic1')]).toEqual([range(20, 30), []]);
    expect(
      running.teams.moves.filter(({ vm }) => vm === 'vm0').map(({ from, to, cause }) => [from, to, cause]),
    ).toEqual([
      [['nic0'], ['nic1'], 'failed over by a responder'],
      [['nic1'], ['nic0'], 'back to its own team'],
    ]);
    running.assertConserved();
  });

  it('is announced there, and back', async () => {
    const running = await given((c) => c.failover(0, 'away'), { announce: { count: 1 } });
    sentBy(running, 'nic0');
    const announced = (nic: string): string[] =>
      nicOf(running, nic)
        .takeTransmitted()
        .map((bytes) => `${bytes[12]?.toString(16)}${bytes[13]} of ${bytes[11]}`);
    await hold(running);
    expect([announced('nic0'), announced('nic1')]).toEqual([[], ['8053 of 0']]);
    await hold(running, false);
    expect([announced('nic0'), announced('nic1')]).toEqual([['8053 of 0'], []]);
  });

  it('receives over either, and a broadcast once, over the one that carries it', async () => {
    const running = await given((c) => c.failover(0, 'away'));
    await hold(running);
    for (const [i, nic] of ['nic0', 'nic1'].entries()) {
      nicOf(running, nic).deliver(frame({ from: macOf(9), to: macOf(0), mark: i }));
      nicOf(running, nic).deliver(frame({ from: macOf(9), to: BROADCAST, mark: 10 + i }));
    }
    await pass(running, 1);
    expect([0, 1].map((vm) => guestOf(running, `vm${vm}`).counters.receivedFrames)).toEqual([3, 1]);
    running.assertConserved();
  });

  it('still reaches the VMs of its own team without a NIC, and they it', async () => {
    const running = await given((c) => c.failover(0, 'away'));
    await hold(running);
    guestOf(running, 'vm0').send(frame({ from: macOf(0), to: macOf(1) }));
    guestOf(running, 'vm1').send(frame({ from: macOf(1), to: macOf(0) }));
    await pass(running, 1);
    expect([0, 1].map((vm) => guestOf(running, `vm${vm}`).counters.receivedFrames)).toEqual([1, 1]);
    expect([sentBy(running, 'nic0'), sentBy(running, 'nic1')]).toEqual([[], []]);
  });

  it('is carried by its own again when the other one fails', async () => {
    const running = await given((c) => c.failover(0, 'away'));
    await hold(running);
    running.nics.setAdmin('nic1', false);
    await pass(running, 20);
    guestOf(running, 'vm0').send(frame({ from: macOf(0), mark: 7 }));
    await pass(running, 1);
    expect(sentBy(running, 'nic0')).toEqual([7]);
    await hold(running, false);
    expect(running.signals.history().map(({ state, trouble }) => [state, trouble])).toEqual([['over', undefined]]);
  });

  it('does not move to a team that no NIC serves', async () => {
    const running = await given((c) => c.failover(0, 'away'));
    running.nics.setAdmin('nic1', false);
    await hold(running);
    expect(running.signals.history()).toMatchObject([{ rejected: ['ask0: no NIC serves team "away" now'] }]);
    expect(running.arena.vms.team[0]).toBe(0);
  });

  it('takes the frames along that wait on a NIC which has failed', async () => {
    const running = await given((c) => c.failover(0, 'away'), { nics: slowFirst() });
    for (let i = 0; i < 20; i++) guestOf(running, 'vm0').send(frame({ from: macOf(0), bytes: 1000, mark: i }));
    running.run(1000);
    running.nics.setAdmin('nic0', false);
    await pass(running, 20);
    const before = sentBy(running, 'nic0');
    expect(before.length).toBeLessThan(20);
    await hold(running);
    expect([...before, ...sentBy(running, 'nic1')]).toEqual(Array.from({ length: 20 }, (_, i) => i));
    running.assertConserved();
  });

  it('is not held up by frames of its old team that nothing carries', async () => {
    const running = await given((c) => c.failover(0, 'away'), { nics: slowFirst() });
    for (let i = 0; i < 20; i++) guestOf(running, 'vm1').send(frame({ from: macOf(1), bytes: 1000, mark: i }));
    running.run(1000);
    running.nics.setAdmin('nic0', false);
    await hold(running);
    guestOf(running, 'vm0').send(frame({ from: macOf(0), mark: 77 }));
    await pass(running, 5);
    expect(sentBy(running, 'nic1')).toEqual([77]);
    running.assertConserved();
  });
});

/** nic0 takes 8 ms for a frame of 1000 bytes. */
const slowFirst = () =>
  ['nic0', 'nic1', 'watched'].map((name) => memoryNic(name, name === 'nic0' ? { speedBps: 1e6, wireFrames: 1 } : {}));
