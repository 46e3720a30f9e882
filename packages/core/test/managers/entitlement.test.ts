import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Claim, divide } from '../../src/managers/entitlement.ts';

const unbounded = Number.POSITIVE_INFINITY;
const claim = (reservationBps: number, limitBps: number, shares: number, priority = 0): Claim => ({
  reservationBps,
  limitBps,
  shares,
  priority,
});

const rate = fc.integer({ min: 0, max: 10_000_000_000 });
const claims = fc.array(
  fc.record({
    reservationBps: fc.oneof(fc.constant(0), rate),
    limitBps: fc.oneof(fc.constant(unbounded), fc.integer({ min: 1, max: 10_000_000_000 })),
    shares: fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.double({ min: 0.001, max: 1e6, noNaN: true })),
    priority: fc.constantFrom(0, 0, 0, 1, 7),
  }),
  { maxLength: 20 },
);

/** Differences that doubles make: the rates are up to 1e10. */
const SLACK_BPS = 1;
const reserved = ({ reservationBps, limitBps }: Claim): number => Math.min(reservationBps, limitBps);
const sumOf = (rates: Iterable<number>): number => [...rates].reduce((sum, one) => sum + one, 0);

describe('the division of a capacity', () => {
  it('gives out no more than there is, and all of it unless every limit is met', () => {
    fc.assert(
      fc.property(rate, claims, (capacityBps, list) => {
        const granted = divide(capacityBps, list);
        const wanted = sumOf(list.map(({ limitBps }) => limitBps));
        expect(sumOf(granted)).toBeLessThanOrEqual(capacityBps + SLACK_BPS);
        expect(sumOf(granted)).toBeGreaterThanOrEqual(Math.min(capacityBps, wanted) - SLACK_BPS);
      }),
    );
  });

  it('grants nobody more than its limit, and everybody its reservation as far as they all fit', () => {
    fc.assert(
      fc.property(rate, claims, (capacityBps, list) => {
        const granted = divide(capacityBps, list);
        const scale = Math.min(1, capacityBps / Math.max(1, sumOf(list.map(reserved))));
        for (const [i, one] of list.entries()) {
          expect(granted[i]).toBeLessThanOrEqual(one.limitBps + SLACK_BPS);
          expect(granted[i]).toBeGreaterThanOrEqual(reserved(one) * scale - SLACK_BPS);
        }
      }),
    );
  });

  it('shares what is left so that nobody below its limit has less per share than another of its priority gained', () => {
    fc.assert(
      fc.property(rate, claims, (capacityBps, list) => {
        const granted = divide(capacityBps, list);
        if (sumOf(list.map(reserved)) >= capacityBps) return;
        const gained = list.map((one, i) => (granted[i] - reserved(one)) / one.shares);
        for (const [i, one] of list.entries()) {
          if (granted[i] >= one.limitBps - SLACK_BPS) continue;
          const peers = gained.filter((_, k) => list[k].priority === one.priority);
          for (const gain of peers) expect(gain).toBeLessThanOrEqual(gained[i] * (1 + 1e-6) + SLACK_BPS);
        }
      }),
    );
  });

  it('leaves a priority more than its reservations only when every limit above it is met', () => {
    fc.assert(
      fc.property(rate, claims, (capacityBps, list) => {
        const granted = divide(capacityBps, list);
        const served = list.filter((one, i) => granted[i] > reserved(one) + SLACK_BPS).map(({ priority }) => priority);
        const least = Math.min(...served);
        for (const [i, one] of list.entries()) {
          if (one.priority > least) expect(granted[i]).toBeGreaterThanOrEqual(one.limitBps - SLACK_BPS);
        }
      }),
    );
  });

  it.each<[string, number, Claim[], number[]]>([
    ['nobody', 1e9, [], []],
    ['one without bound', 1e9, [claim(0, unbounded, 1)], [1e9]],
    ['equals', 9e8, [claim(0, unbounded, 5), claim(0, unbounded, 5), claim(0, unbounded, 5)], [3e8, 3e8, 3e8]],
    ['shares of one and three', 4e8, [claim(0, unbounded, 1), claim(0, unbounded, 3)], [1e8, 3e8]],
    [
      'a limit that is met early',
      9e8,
      [claim(0, 1e8, 1), claim(0, unbounded, 1), claim(0, unbounded, 1)],
      [1e8, 4e8, 4e8],
    ],
    ['limits that leave some over', 9e8, [claim(0, 1e8, 1), claim(0, 2e8, 1)], [1e8, 2e8]],
    ['a reservation before shares', 10e8, [claim(6e8, unbounded, 1), claim(0, unbounded, 1)], [8e8, 2e8]],
    ['reservations that do not fit', 3e8, [claim(4e8, unbounded, 1), claim(2e8, unbounded, 9)], [2e8, 1e8]],
    ['a reservation above its own limit', 10e8, [claim(6e8, 1e8, 1), claim(0, unbounded, 1)], [1e8, 9e8]],
    [
      'a higher priority',
      9e8,
      [claim(0, unbounded, 9), claim(0, 4e8, 1, 5), claim(1e8, unbounded, 9)],
      [2e8, 4e8, 3e8],
    ],
    ['no capacity', 0, [claim(4e8, unbounded, 1), claim(0, 1e8, 1)], [0, 0]],
  ])('is right for %s', (_, capacityBps, list, expected) => {
    const granted = [...divide(capacityBps, list)];
    for (const [i, rateBps] of expected.entries()) expect(granted[i]).toBeCloseTo(rateBps, 3);
    expect(granted).toHaveLength(expected.length);
  });
});
