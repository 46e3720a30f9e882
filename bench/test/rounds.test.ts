import { describe, expect, it } from 'vitest';
import { figure, ratio } from '../src/group.ts';
import { interleave, median, spread, summarise } from '../src/rounds.ts';

describe('rounds', () => {
  it('run every contender once before any runs again', async () => {
    const order: string[] = [];
    const contender = (name: string) => ({
      name,
      run: async () => {
        order.push(name);
        return order.length;
      },
    });
    const rounds = await interleave([contender('ours'), contender('peer')], 2, () => {});
    expect(order).toEqual(['ours', 'peer', 'ours', 'peer']);
    expect(rounds).toEqual([
      { ours: 1, peer: 2 },
      { ours: 3, peer: 4 },
    ]);
  });

  it('are summed up by the median, which one slow round does not move, and the spread, which it does', () => {
    expect(median([3, 100, 1])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(spread([10, 11, 9])).toBeCloseTo(0.2);
    expect(spread([0, 0, 0])).toBe(0);
  });

  it('compare contenders within a round, so that a round slow for both says nothing', () => {
    const rounds = [
      { ours: 12, c: 8 },
      { ours: 36, c: 24 },
      { ours: 15, c: 10 },
    ];
    const row = summarise(ratio('transmit.c_ratio', 'ours', 'c', { atMost: 1.5 }), rounds);
    expect(row).toMatchObject({ value: 1.5, spread: 0, ours: 15, peer: 10, met: true });
  });

  it('leave a row out when a contender it compares with was not there', () => {
    expect(summarise(ratio('forward.ovs_ratio', 'ours', 'ovs', {}), [{ ours: 1 }])).toBeUndefined();
    expect(summarise(figure('x', 'ns', 'ours', {}), [])).toBeUndefined();
  });

  it('say whether the aim was met, from above and from below', () => {
    const met = (value: number, aim: object) => summarise(figure('x', 'ns', 'ours', aim), [{ ours: value }])?.met;
    expect([met(20, { atMost: 20 }), met(20.1, { atMost: 20 })]).toEqual([true, false]);
    expect([met(300, { atLeast: 300 }), met(299, { atLeast: 300 })]).toEqual([true, false]);
  });
});
