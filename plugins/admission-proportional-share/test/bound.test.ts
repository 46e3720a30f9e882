import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SimulatedHost } from './simulated-host.ts';

/*
 * W: sum of the shares that wait; T: the NICs' targets together; L(i): longest frame of VM i; w(i): its shares.
 * The lead of i over j is tag(i) - tag(j). VM i sends only while its tag is at most floor + T / W, and the tag of j,
 * which waits, is not under the floor: so the lead of i never grows beyond T / W + L(i) / w(i), and nor does that of j.
 * What i and j are served between two moments differs by the change of the lead.
 */
const longest = (frames: readonly number[]) => Math.max(...frames);

const guest = fc.record({
  shares: fc.constantFrom(1, 2, 3, 7, 20, 100),
  frameBytes: fc.array(fc.constantFrom(60, 64, 590, 1514, 9000), { minLength: 1, maxLength: 4 }),
});

const setting = fc.record({
  speedsBps: fc.array(fc.constantFrom(100e6, 1e9), { minLength: 1, maxLength: 3 }),
  guests: fc.array(guest, { minLength: 2, maxLength: 6 }),
  sweepUs: fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 5 }),
});

function targetsBytes(speedsBps: readonly number[]): number {
  return speedsBps.reduce((sum, speedBps) => sum + Math.max(speedBps / 8000, 6072), 0);
}

describe('law: while the same VMs wait, any two of them are served alike within a bound', () => {
  it('|served(i) / w(i) - served(j) / w(j)| ≤ 2 · T / W + L(i) / w(i) + L(j) / w(j)', () => {
    let stretches = 0;
    fc.assert(
      fc.property(setting, ({ speedsBps, guests, sweepUs }) => {
        const host = new SimulatedHost({ speedsBps, guests, sweepUs, batchFrames: 256 });
        host.run(20_000);
        const quantum = targetsBytes(speedsBps) / guests.reduce((sum, { shares }) => sum + shares, 0);
        const count = guests.length;
        const least = new Float64Array(count * count);
        const most = new Float64Array(count * count);
        const restart = () => {
          least.fill(Infinity);
          most.fill(-Infinity);
        };
        restart();
        host.run(30_000, () => {
          // A VM that was given all that was offered does not wait: the stretch is over.
          if (host.refused.includes(0)) return restart();
          stretches++;
          for (let i = 0; i < count; i++) {
            for (let j = 0; j < i; j++) {
              const lead = host.servedBytes[i] / guests[i].shares - host.servedBytes[j] / guests[j].shares;
              least[i * count + j] = Math.min(least[i * count + j], lead);
              most[i * count + j] = Math.max(most[i * count + j], lead);
            }
          }
        });
        for (const [i, one] of guests.entries()) {
          for (const [j, other] of guests.slice(0, i).entries()) {
            const bound = 2 * quantum + longest(one.frameBytes) / one.shares + longest(other.frameBytes) / other.shares;
            const spread = most[i * count + j] - least[i * count + j];
            if (spread > -Infinity) expect(spread).toBeLessThanOrEqual(bound * (1 + 1e-9));
          }
        }
      }),
      { numRuns: 60 },
    );
    expect(stretches).toBeGreaterThan(1000);
  });

  it('and when sweeps are short, within little more than a frame each', () => {
    const shares = [1, 2, 4];
    const host = new SimulatedHost({
      speedsBps: [1e9],
      guests: shares.map((share) => ({ shares: share })),
      sweepUs: 5,
    });
    host.run(50_000);
    const start = host.servedBytes.slice();
    let widest = 0;
    host.run(200_000, () => {
      const served = shares.map((share, vm) => (host.servedBytes[vm] - start[vm]) / share);
      widest = Math.max(widest, Math.max(...served) - Math.min(...served));
    });
    expect(widest).toBeGreaterThan(0);
    expect(widest).toBeLessThan(2 * 1514 + 1514 / 2);
  });
});

describe('law: no NIC idles while a VM waits that may send', () => {
  it('with sweeps up to a third of the target apart', () => {
    const other = fc.record({
      shares: fc.constantFrom(0.01, 1, 2, 50),
      priority: fc.constantFrom(0, 0, 1),
      reservationBps: fc.constantFrom(0, 0, 20e6),
      limitBps: fc.constantFrom(5e6, 50e6, Infinity),
      frameBytes: fc.constantFrom([1514], [590, 1514], [1514, 60]),
    });
    fc.assert(
      fc.property(
        fc.array(other, { minLength: 0, maxLength: 5 }),
        fc.array(fc.constantFrom(100e6, 500e6), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 5, max: 333 }),
        (others, speedsBps, sweepUs) => {
          // One VM without a limit, in the lowest class and with the fewest shares, takes what the others leave.
          const guests = [{ shares: 0.001 }, ...others];
          const host = new SimulatedHost({ speedsBps, guests, sweepUs, batchFrames: 256 });
          host.run(50_000);
          expect(host.utilisation(host.run(200_000))).toBeGreaterThan(0.995);
        },
      ),
      { numRuns: 60 },
    );
  });
});
