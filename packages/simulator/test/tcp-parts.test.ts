import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cubic, Reno } from '../src/traffic/congestion.ts';
import { HyStart } from '../src/traffic/hystart.ts';
import { RttEstimator } from '../src/traffic/rtt.ts';
import { Scoreboard } from '../src/traffic/scoreboard.ts';
import { Timers } from '../src/traffic/timers.ts';

describe('the scoreboard', () => {
  const sent = (count: number): Scoreboard => {
    const board = new Scoreboard(64);
    for (let i = 0; i < count; i++) board.sent();
    return board;
  };

  it('takes a segment for lost when three later ones have arrived', () => {
    const board = sent(6);
    board.selectivelyAcknowledge(1, 3);
    expect([board.judge(), board.pipe, board.lostSegment()]).toEqual([false, 4, -1]);
    board.selectivelyAcknowledge(3, 4);
    expect([board.judge(), board.pipe, board.lostSegment()]).toEqual([true, 2, 0]);
    board.resent(0);
    expect([board.pipe, board.lostSegment()]).toEqual([3, -1]);
    board.acknowledge(4);
    expect([board.una, board.pipe, board.flight]).toEqual([4, 2, 2]);
  });

  it('sees that what was sent again is lost once more', () => {
    const board = sent(5);
    board.selectivelyAcknowledge(1, 4);
    board.judge();
    board.resent(0);
    for (let i = 0; i < 4; i++) board.sent();
    board.selectivelyAcknowledge(5, 7);
    board.judge();
    expect(board.lostSegment()).toBe(-1);
    board.selectivelyAcknowledge(7, 8);
    board.judge();
    expect(board.lostSegment()).toBe(0);
  });

  it('takes everything that has not arrived for lost at a timeout', () => {
    const board = sent(5);
    board.selectivelyAcknowledge(1, 2);
    board.loseAll();
    const again: number[] = [];
    for (let segment = board.lostSegment(); segment >= 0; segment = board.lostSegment()) {
      again.push(segment);
      board.resent(segment);
    }
    expect(again).toEqual([0, 2, 3, 4]);
    expect(board.pipe).toBe(4);
  });

  it('never counts a segment twice, whatever is acknowledged in whatever order', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('send' as const) }),
      fc.record({ do: fc.constant('resend' as const) }),
      fc.record({ do: fc.constant('ack' as const), by: fc.nat(8) }),
      fc.record({ do: fc.constant('sack' as const), from: fc.nat(60), count: fc.integer({ min: 1, max: 6 }) }),
      fc.record({ do: fc.constant('timeout' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const board = new Scoreboard(64);
        for (const one of steps) {
          if (one.do === 'send' && board.flight < 64) board.sent();
          if (one.do === 'resend' && board.lostSegment() >= 0) board.resent(board.lostSegment());
          if (one.do === 'ack') board.acknowledge(board.una + one.by);
          if (one.do === 'sack') board.selectivelyAcknowledge(board.una + one.from, board.una + one.from + one.count);
          if (one.do === 'timeout') board.loseAll();
          board.judge();
          if (board.pipe < 0 || board.pipe > board.flight) return false;
          const lost = board.lostSegment();
          if (lost !== -1 && (lost < board.una || lost >= board.next)) return false;
        }
        board.acknowledge(board.next);
        return board.pipe === 0 && board.flight === 0;
      }),
      { numRuns: 500, seed: 3 },
    );
  });
});

describe('the retransmission timeout', () => {
  it('follows RFC 6298: one second at first, then SRTT + 4 RTTVAR', () => {
    const rtt = new RttEstimator(0);
    expect(rtt.rtoUs).toBe(1e6);
    rtt.sample(100_000);
    expect([rtt.smoothedUs, rtt.rtoUs]).toEqual([100_000, 300_000]);
    rtt.sample(200_000);
    // RTTVAR = 3/4 · 50 + 1/4 · |100 - 200| = 62.5 ms, SRTT = 7/8 · 100 + 1/8 · 200 = 112.5 ms
    expect([rtt.smoothedUs, rtt.rtoUs]).toEqual([112_500, 362_500]);
    rtt.backOff();
    expect(rtt.rtoUs).toBe(725_000);
  });

  it('is never below its least nor above a minute', () => {
    const rtt = new RttEstimator(200_000);
    for (let i = 0; i < 50; i++) rtt.sample(1000);
    expect(rtt.rtoUs).toBe(200_000);
    for (let i = 0; i < 20; i++) rtt.backOff();
    expect(rtt.rtoUs).toBe(60e6);
  });
});

describe('congestion control', () => {
  it('of Reno: one segment a round trip, half at a loss, one at a timeout', () => {
    const reno = new Reno();
    for (let i = 0; i < 10; i++) reno.acked(1);
    expect(reno.window).toBe(20);
    reno.lost(20);
    expect(reno.window).toBe(10);
    for (let i = 0; i < 10; i++) reno.acked(1);
    expect(reno.window).toBeCloseTo(11, 0);
    reno.timedOut(11, false);
    expect([reno.window, reno.threshold]).toEqual([1, 5.5]);
    reno.timedOut(1, true);
    expect(reno.threshold).toBe(5.5);
  });

  it('of CUBIC: back at the old window after K = cbrt(W (1 - beta) / C), slowly there and fast beyond', () => {
    const cubic = new Cubic();
    cubic.window = 400;
    cubic.threshold = 1;
    cubic.lost(400);
    expect(cubic.window).toBeCloseTo(280, 6);
    const plateauUs = Math.cbrt((400 * 0.3) / 0.4) * 1e6;
    const rttUs = 100_000;
    const at = new Map<string, number>();
    for (let nowUs = 0; nowUs < 2 * plateauUs; nowUs += rttUs) {
      for (let i = 0; i < cubic.window; i++) cubic.acked(1, nowUs, rttUs);
      if (nowUs <= plateauUs / 2) at.set('half', cubic.window);
      if (nowUs <= plateauUs) at.set('whole', cubic.window);
    }
    expect(at.get('half')).toBeGreaterThan(375);
    expect(at.get('whole')).toBeGreaterThan(396);
    expect(at.get('whole')).toBeLessThan(404);
    expect(cubic.window).toBeGreaterThan(480);
  });

  it('ends slow start when the round trip grows, by way of a slower growth (RFC 9406)', () => {
    const hystart = new HyStart();
    let una = 0;
    let next = 20;
    const round = (rttUs: number): number => {
      for (let i = 0; i < 20; i++) hystart.acked(++una, next, rttUs);
      next = una + 20;
      return hystart.growth;
    };
    expect([round(20_000), round(20_000), round(20_500)]).toEqual([1, 1, 1]);
    expect(round(26_000)).toBe(0.25);
    expect([0, 0, 0, 0, 0, 0].map(() => round(27_000)).at(-1)).toBe(0);
  });
});

describe('timers', () => {
  it('come up in the order of their times, moved or not, each once', () => {
    const time = fc.integer({ min: 0, max: 100 });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(9), time), { maxLength: 60 }), (moves) => {
        const timers = new Timers<{ timerUs: number; heapedUs: number; id: number }>();
        const holders = Array.from({ length: 10 }, (_, id) => ({ timerUs: Infinity, heapedUs: Infinity, id }));
        for (const [id, atUs] of moves)
          timers.set(holders[id] as (typeof holders)[number], atUs === 100 ? Infinity : atUs);
        const expected = new Map(holders.map(({ id, timerUs }) => [id, timerUs]));
        const seen: number[] = [];
        for (let nowUs = 0; nowUs <= 100; nowUs++) {
          for (let holder = timers.due(nowUs); holder !== undefined; holder = timers.due(nowUs)) {
            if (expected.get(holder.id) !== nowUs) return false;
            seen.push(holder.id);
          }
        }
        const due = [...expected.values()].filter((atUs) => atUs !== Infinity).length;
        return seen.length === due && new Set(seen).size === due;
      }),
      { numRuns: 300, seed: 5 },
    );
  });
});
