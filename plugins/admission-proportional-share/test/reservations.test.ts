import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Guest, Mbps, SimulatedHost } from './simulated-host.ts';

const SECOND = 1e6;

function settled(speedsBps: number[], ...guests: Guest[]): string[] {
  const host = new SimulatedHost({ speedsBps, guests });
  host.run(SECOND / 10);
  const measured = host.run(SECOND);
  expect(host.utilisation(measured)).toBeGreaterThan(0.999);
  return measured.map(Mbps);
}

/** Reservations first, then by shares up to the limits, by filling all alike in small steps. */
function entitled(capacityBps: number, guests: readonly Guest[]): number[] {
  const granted = guests.map(({ reservationBps = 0 }) => reservationBps);
  let left = capacityBps - granted.reduce((sum, rate) => sum + rate, 0);
  const step = left / 20_000;
  while (left > step) {
    const growing = [...guests.keys()].filter((vm) => granted[vm] < (guests[vm].limitBps ?? Infinity));
    const shares = growing.reduce((sum, vm) => sum + (guests[vm].shares ?? 1), 0);
    for (const vm of growing) granted[vm] += (step * (guests[vm].shares ?? 1)) / shares;
    left -= step;
  }
  return granted;
}

describe('reservations', () => {
  it('as a table', () => {
    const table = {
      'and the rest by shares': settled([1e9], { reservationBps: 400e6 }, { shares: 4 }, {}),
      'against a thousand shares': settled(
        [1e9],
        { reservationBps: 500e6 },
        { reservationBps: 450e6 },
        { shares: 1000 },
      ),
      'all there is': settled([1e9], { reservationBps: 700e6 }, { reservationBps: 300e6 }, { priority: 3 }),
      'more than there is': settled([100e6], { reservationBps: 400e6 }, { reservationBps: 200e6 }, { shares: 10 }),
      'over two NICs': settled([1e9, 1e9], { reservationBps: 1.5e9 }, { shares: 3 }, {}),
    };
    expect(table).toMatchInlineSnapshot(`
      {
        "against a thousand shares": [
          "500.0 Mbps",
          "450.0 Mbps",
          "49.9 Mbps",
        ],
        "all there is": [
          "700.0 Mbps",
          "300.0 Mbps",
          "0.0 Mbps",
        ],
        "and the rest by shares": [
          "500.0 Mbps",
          "400.0 Mbps",
          "100.0 Mbps",
        ],
        "more than there is": [
          "66.7 Mbps",
          "33.3 Mbps",
          "0.0 Mbps",
        ],
        "over two NICs": [
          "1600.0 Mbps",
          "300.0 Mbps",
          "100.0 Mbps",
        ],
      }
    `);
  });

  it('that are not used go to the others', () => {
    expect(settled([1e9], { reservationBps: 500e6, sendsBps: 100e6 }, {}, {})).toEqual([
      '100.0 Mbps',
      '450.0 Mbps',
      '450.0 Mbps',
    ]);
  });

  it('are met when a VM comes back, before those who sent meanwhile', () => {
    const host = new SimulatedHost({
      speedsBps: [1e9],
      guests: [{ reservationBps: 400e6, shares: 0.001 }, { shares: 1000 }],
    });
    host.silent[0] = 1;
    host.run(SECOND / 10);
    host.silent[0] = 0;
    expect(host.run(SECOND / 100)[0]).toBeGreaterThan(0.99 * 400e6);
  });

  it('are scaled alike when a NIC goes down, and met again when it is back', () => {
    const host = new SimulatedHost({
      speedsBps: [1e9, 1e9],
      guests: [{ reservationBps: 900e6 }, { reservationBps: 600e6 }, { shares: 7 }],
    });
    host.run(SECOND / 10);
    const both = host.run(SECOND).map(Mbps);
    host.nics.setAvailable(1);
    host.run(SECOND / 10);
    const one = host.run(SECOND).map(Mbps);
    host.nics.setAvailable(0, 1);
    host.run(SECOND / 10);
    expect([both, one, host.run(SECOND).map(Mbps)]).toMatchInlineSnapshot(`
      [
        [
          "955.6 Mbps",
          "655.5 Mbps",
          "388.9 Mbps",
        ],
        [
          "600.0 Mbps",
          "400.0 Mbps",
          "0.0 Mbps",
        ],
        [
          "955.6 Mbps",
          "655.5 Mbps",
          "388.9 Mbps",
        ],
      ]
    `);
  });

  it('law: with shares and limits, rates are what weighted max-min fairness entitles to, within a hundredth', () => {
    const guest = fc.record({
      shares: fc.integer({ min: 1, max: 10 }),
      reservationBps: fc.integer({ min: 0, max: 200 }).map((mbps) => mbps * 1e6),
      headroomBps: fc.oneof(
        fc.constant(Infinity),
        fc.integer({ min: 5, max: 400 }).map((mbps) => mbps * 1e6),
      ),
    });
    fc.assert(
      fc.property(fc.array(guest, { minLength: 1, maxLength: 4 }), (drawn) => {
        const guests = drawn.map(({ shares, reservationBps, headroomBps }) => ({
          shares,
          reservationBps,
          limitBps: reservationBps + headroomBps,
        }));
        const host = new SimulatedHost({ speedsBps: [1e9], guests, sweepUs: 50 });
        host.run(SECOND / 10);
        const expected = entitled(1e9, guests);
        for (const [vm, rate] of host.run(SECOND / 2).entries()) {
          expect(Math.abs(rate - expected[vm])).toBeLessThan(0.01 * expected[vm] + 1e6);
        }
      }),
      { numRuns: 40 },
    );
  });
});
