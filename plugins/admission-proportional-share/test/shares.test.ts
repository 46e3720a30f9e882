import { describe, expect, it } from 'vitest';
import { type Guest, jain, Mbps, SimulatedHost } from './simulated-host.ts';

const SECOND = 1e6;

const guests = (...shares: number[]): Guest[] => shares.map((share) => ({ shares: share }));

/** Rates after a tenth of a second in which things settle. */
function rates(setting: ConstructorParameters<typeof SimulatedHost>[0], seconds: number): number[] {
  const host = new SimulatedHost(setting);
  host.run(SECOND / 10);
  return host.run(seconds * SECOND);
}

describe('shares', () => {
  it('are met within a hundredth over ten seconds, at a Jain index of 0.999 and more', () => {
    const shares = [1, 2, 4, 1, 10];
    const host = new SimulatedHost({ speedsBps: [1e9], guests: guests(...shares), sweepUs: [20, 5, 60] });
    const measured = host.run(10 * SECOND);
    for (const [vm, rate] of measured.entries()) expect(rate / ((1e9 * shares[vm]) / 18)).toBeCloseTo(1, 2);
    expect(jain(measured.map((rate, vm) => rate / shares[vm]))).toBeGreaterThan(0.999);
    expect(host.utilisation(measured)).toBeGreaterThan(0.9999);
  });

  it('as a table: 1 : 2 : 4 over NICs of several speeds', () => {
    const table = [[10e6], [1e9], [10e9], [1e9, 1e9], [1e9, 100e6], [10e9, 1e9, 1e9]].map((speedsBps) => {
      const fast = Math.max(...speedsBps) > 1e9;
      const measured = rates({ speedsBps, guests: guests(1, 2, 4), sweepUs: 20 }, fast ? 0.2 : 2);
      return `${speedsBps.map((speed) => speed / 1e6).join(' + ')}: ${measured.map(Mbps).join(', ')}`;
    });
    expect(table).toMatchInlineSnapshot(`
      [
        "10: 1.4 Mbps, 2.9 Mbps, 5.7 Mbps",
        "1000: 142.9 Mbps, 285.7 Mbps, 571.4 Mbps",
        "10000: 1428.7 Mbps, 2856.9 Mbps, 5714.9 Mbps",
        "1000 + 1000: 285.7 Mbps, 571.4 Mbps, 1142.9 Mbps",
        "1000 + 100: 157.1 Mbps, 314.3 Mbps, 628.6 Mbps",
        "10000 + 1000 + 1000: 1712.4 Mbps, 3428.9 Mbps, 6857.9 Mbps",
      ]
    `);
  });

  it('as a table: 1 : 2 : 4 at several times between sweeps, up to half the target', () => {
    const table = [1, 5, 20, 100, 250, 500].map((sweepUs) => {
      const measured = rates({ speedsBps: [1e9], guests: guests(1, 2, 4), sweepUs }, sweepUs === 1 ? 0.2 : 2);
      return `${sweepUs} us: ${measured.map(Mbps).join(', ')}`;
    });
    expect(table).toMatchInlineSnapshot(`
      [
        "1 us: 142.9 Mbps, 285.7 Mbps, 571.4 Mbps",
        "5 us: 142.9 Mbps, 285.7 Mbps, 571.4 Mbps",
        "20 us: 142.9 Mbps, 285.7 Mbps, 571.4 Mbps",
        "100 us: 142.9 Mbps, 285.7 Mbps, 571.4 Mbps",
        "250 us: 142.9 Mbps, 285.7 Mbps, 571.4 Mbps",
        "500 us: 142.9 Mbps, 285.7 Mbps, 571.4 Mbps",
      ]
    `);
  });

  it('are met at 1 : 1000', () => {
    const [one, thousand] = rates({ speedsBps: [1e9], guests: guests(1, 1000) }, 10);
    expect(thousand / one).toBeGreaterThan(990);
    expect(thousand / one).toBeLessThan(1010);
  });

  it('are counted in bytes, whatever the frames', () => {
    const measured = rates(
      {
        speedsBps: [1e9],
        guests: [{ frameBytes: [64] }, { frameBytes: [1514] }, { frameBytes: [9000] }, { frameBytes: [60, 1514, 590] }],
        sweepUs: 5,
      },
      1,
    );
    for (const rate of measured) expect(rate / 250e6).toBeCloseTo(1, 2);
  });

  it('are met among a thousand VMs', () => {
    const shares = Array.from({ length: 1000 }, (_, vm) => 1 + (vm % 4));
    const measured = rates({ speedsBps: [10e9], guests: guests(...shares), sweepUs: 50, batchFrames: 8 }, 0.5);
    const perShare = measured.map((rate, vm) => rate / shares[vm]);
    expect(jain(perShare)).toBeGreaterThan(0.999);
    expect(Math.min(...perShare) / (10e9 / 2500)).toBeGreaterThan(0.95);
  });

  it('hold from the next sweep on when they are changed', () => {
    const host = new SimulatedHost({ speedsBps: [1e9], guests: guests(1, 1) });
    host.run(SECOND / 10);
    host.vms.shares[1] = 3;
    expect(host.run(SECOND).map(Mbps)).toEqual(['250.0 Mbps', '750.0 Mbps']);
  });

  it.each([[0], [-1], [Number.NaN], [1e-300]])('of %s are a very small weight and harm nobody', (share) => {
    const measured = rates({ speedsBps: [1e9], guests: guests(share, 1) }, 0.2);
    expect(measured[1]).toBeGreaterThan(0.999e9);
    expect(rates({ speedsBps: [1e9], guests: guests(share, share) }, 0.2).map(Mbps)).toEqual([
      '500.0 Mbps',
      '500.0 Mbps',
    ]);
  });
});

describe('what one VM does not use', () => {
  it('goes to the others by their shares', () => {
    const light: Guest = { sendsBps: 50e6, frameBytes: [200] };
    const measured = rates({ speedsBps: [1e9], guests: [light, { shares: 1 }, { shares: 4 }] }, 2);
    expect(measured.map((rate) => Math.round(rate / 1e6))).toEqual([50, 190, 760]);
  });

  it('is all of it when it is alone: no NIC idles', () => {
    const host = new SimulatedHost({ speedsBps: [1e9, 10e9], guests: guests(0.001, 5), batchFrames: 256 });
    host.silent[1] = 1;
    host.run(SECOND / 100);
    expect(host.utilisation(host.run(SECOND / 5))).toBeGreaterThan(0.999);
  });

  it('is not saved up: after a second of silence it gets its share, no more', () => {
    const host = new SimulatedHost({ speedsBps: [1e9], guests: guests(1, 1) });
    host.silent[0] = 1;
    host.run(SECOND);
    host.silent[0] = 0;
    const [back, other] = host.run(SECOND / 100);
    expect(back / 500e6).toBeLessThan(1.05);
    expect(other / 500e6).toBeGreaterThan(0.95);
  });

  it('is not a debt: who had the NICs alone gets its share as soon as another comes', () => {
    const host = new SimulatedHost({ speedsBps: [1e9], guests: guests(1, 1000) });
    host.silent[1] = 1;
    host.run(SECOND);
    host.silent[1] = 0;
    const [small] = host.run(SECOND);
    expect(small / (1e9 / 1001)).toBeGreaterThan(0.9);
  });

  it('does not stall the others when it is suspended with frames waiting', () => {
    const host = new SimulatedHost({ speedsBps: [1e9], guests: guests(1, 1000, 1) });
    host.run(SECOND / 10);
    host.suspended[1] = 1;
    const measured = host.run(SECOND);
    expect(host.utilisation(measured)).toBeGreaterThan(0.9999);
    expect(measured.map(Mbps)).toEqual(['500.0 Mbps', '0.0 Mbps', '500.0 Mbps']);
  });
});
