import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LONGEST_WAIT_US, RateBuckets } from '../src/rate-buckets.ts';
import { Mbps, SimulatedHost } from './simulated-host.ts';

const SECOND = 1e6;

describe('a limit', () => {
  it.each([100e3, 2e6, 100e6, 900e6])('of %s bit/s is met within a hundredth over ten seconds', (limitBps) => {
    const host = new SimulatedHost({ speedsBps: [1e9], guests: [{ limitBps }], sweepUs: [20, 70] });
    host.run(SECOND);
    const [rate] = host.run(10 * SECOND);
    expect(rate / limitBps).toBeGreaterThan(0.99);
    expect(rate / limitBps).toBeLessThan(1.01);
  });

  it('leaves what it keeps from one VM to the others', () => {
    const host = new SimulatedHost({ speedsBps: [1e9], guests: [{ limitBps: 100e6, shares: 5 }, {}, { shares: 2 }] });
    host.run(SECOND / 10);
    expect(host.run(2 * SECOND).map(Mbps)).toEqual(['100.0 Mbps', '300.0 Mbps', '600.0 Mbps']);
  });

  it('just under the share is met, although the VM has to contend for it', () => {
    const host = new SimulatedHost({ speedsBps: [1e9], guests: [{ limitBps: 330e6 }, {}, {}] });
    host.run(SECOND / 10);
    expect(host.run(2 * SECOND).map(Mbps)).toEqual(['330.0 Mbps', '335.0 Mbps', '335.0 Mbps']);
  });

  it('holds from the next batch on when it is changed, and from none to one and back', () => {
    const host = new SimulatedHost({ speedsBps: [1e9], guests: [{}] });
    host.run(SECOND / 10);
    for (const limitBps of [50e6, 200e6, Number.POSITIVE_INFINITY, 10e6]) {
      host.vms.limitBps[0] = limitBps;
      host.run(SECOND / 10);
      const [rate] = host.run(SECOND);
      expect(rate / Math.min(limitBps, 1e9)).toBeCloseTo(1, 2);
    }
  });

  it.each([0, -5, Number.NaN])('of %s lets nothing go, and is looked at again', (limitBps) => {
    const host = new SimulatedHost({ speedsBps: [1e9], guests: [{ limitBps }] });
    expect(host.run(SECOND)).toEqual([0]);
    host.vms.limitBps[0] = 100e6;
    host.run(2 * LONGEST_WAIT_US);
    expect(host.run(SECOND)[0] / 100e6).toBeCloseTo(1, 2);
  });

  it('goes before a reservation', () => {
    const host = new SimulatedHost({ speedsBps: [1e9], guests: [{ limitBps: 100e6, reservationBps: 500e6 }, {}] });
    host.run(SECOND / 10);
    expect(host.run(SECOND).map(Mbps)).toEqual(['100.0 Mbps', '900.0 Mbps']);
  });

  it('lets a frame larger than its burst go when the burst is full', () => {
    const guest = { limitBps: 10e6, burstBytes: 500, frameBytes: [9000] };
    const host = new SimulatedHost({ speedsBps: [1e9], guests: [guest] });
    const [rate] = host.run(10 * SECOND);
    expect(rate).toBeGreaterThan(0);
    expect(rate).toBeLessThanOrEqual(10e6 * 1.01);
  });
});

describe('law: from s to s + t there go at most rate · t + max(depth, longest frame)', () => {
  const frames = fc.array(
    fc.record({ waitUs: fc.integer({ min: 0, max: 5000 }), bytes: fc.integer({ min: 14, max: 9000 }) }),
    { minLength: 1, maxLength: 60 },
  );

  it('in every window', () => {
    fc.assert(
      fc.property(
        frames,
        fc.integer({ min: 1e4, max: 1e9 }),
        fc.integer({ min: 0, max: 20_000 }),
        (all, rate, burst) => {
          const clockUs = new Float64Array(1);
          const buckets = new RateBuckets(Float64Array.of(rate), Float64Array.of(burst), 1000, clockUs);
          const gone: { atUs: number; bytes: number }[] = [];
          for (const { waitUs, bytes } of all) {
            clockUs[0] += waitUs;
            buckets.refill(0);
            if (buckets.tokens[0] < bytes && buckets.tokens[0] < buckets.depthBytes[0]) continue;
            buckets.tokens[0] -= bytes;
            gone.push({ atUs: clockUs[0], bytes });
          }
          for (const [from, first] of gone.entries()) {
            let sum = 0;
            let longest = 0;
            for (const { atUs, bytes } of gone.slice(from)) {
              sum += bytes;
              longest = Math.max(longest, bytes);
              const bound = ((atUs - first.atUs) * rate) / 8e6 + Math.max(buckets.depthBytes[0], longest);
              expect(sum).toBeLessThanOrEqual(bound + 1e-6);
            }
          }
        },
      ),
    );
  });

  it('and after the wait that it names a frame goes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 14, max: 9000 }), fc.integer({ min: 3e6, max: 1e9 }), (bytes, rate) => {
        const clockUs = new Float64Array(1);
        const buckets = new RateBuckets(Float64Array.of(rate), Float64Array.of(0), 1000, clockUs);
        buckets.refill(0);
        buckets.tokens[0] = 0;
        const waitUs = buckets.waitUs(0, bytes);
        clockUs[0] = waitUs - 1;
        buckets.refill(0);
        if (waitUs > 1) expect(buckets.tokens[0]).toBeLessThan(Math.min(bytes, buckets.depthBytes[0]));
        clockUs[0] = waitUs;
        buckets.refill(0);
        expect(buckets.tokens[0]).toBeGreaterThanOrEqual(Math.min(bytes, buckets.depthBytes[0]) - 1e-6);
      }),
    );
  });

  it('a clock that goes back earns nothing', () => {
    const clockUs = Float64Array.of(1000);
    const buckets = new RateBuckets(Float64Array.of(8e6), Float64Array.of(10_000), 1000, clockUs);
    buckets.refill(0);
    buckets.tokens[0] = 100;
    clockUs[0] = 0;
    buckets.refill(0);
    expect(buckets.tokens[0]).toBe(100);
    clockUs[0] = 10;
    buckets.refill(0);
    expect(buckets.tokens[0]).toBe(110);
  });
});
