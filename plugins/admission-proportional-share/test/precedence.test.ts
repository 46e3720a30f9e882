import { describe, expect, it } from 'vitest';
import { classOf } from '../src/precedence.ts';
import { type Guest, Mbps, SimulatedHost } from './simulated-host.ts';

const SECOND = 1e6;

function settled(...guests: Guest[]): string[] {
  const host = new SimulatedHost({ speedsBps: [1e9], guests });
  host.run(SECOND / 10);
  const measured = host.run(SECOND);
  const offered = guests.reduce((sum, { sendsBps, limitBps }) => sum + Math.min(sendsBps ?? 1e9, limitBps ?? 1e9), 0);
  if (offered >= 1e9) expect(host.utilisation(measured)).toBeGreaterThan(0.999);
  return measured.map(Mbps);
}

describe('priority', () => {
  it('as a table: who is served at 1 Gbit/s', () => {
    const table = {
      'high takes all': settled({ priority: 1 }, { shares: 1000 }),
      'high sends a little': settled({ priority: 1, sendsBps: 300e6 }, { shares: 3 }, {}),
      'high is limited': settled({ priority: 9, limitBps: 200e6 }, { priority: 5, shares: 3 }, { priority: 5 }),
      'three classes': settled({ priority: 2, sendsBps: 300e6 }, { priority: 1, limitBps: 500e6 }, {}),
      'shares within a class': settled({ priority: 1, shares: 2 }, { priority: 1, shares: 3 }, { shares: 1000 }),
      'reservation of a lower class': settled({ priority: 255 }, { reservationBps: 50e6 }, { priority: 7 }),
    };
    expect(table).toMatchInlineSnapshot(`
      {
        "high is limited": [
          "200.0 Mbps",
          "600.0 Mbps",
          "200.0 Mbps",
        ],
        "high sends a little": [
          "300.0 Mbps",
          "525.0 Mbps",
          "175.0 Mbps",
        ],
        "high takes all": [
          "1000.0 Mbps",
          "0.0 Mbps",
        ],
        "reservation of a lower class": [
          "950.0 Mbps",
          "50.0 Mbps",
          "0.0 Mbps",
        ],
        "shares within a class": [
          "400.0 Mbps",
          "600.0 Mbps",
          "0.0 Mbps",
        ],
        "three classes": [
          "300.0 Mbps",
          "500.0 Mbps",
          "200.0 Mbps",
        ],
      }
    `);
  });

  it('is honoured from the next sweep on when a higher class comes', () => {
    const host = new SimulatedHost({ speedsBps: [1e9], guests: [{ priority: 1 }, {}] });
    host.silent[0] = 1;
    host.run(SECOND / 10);
    host.silent[0] = 0;
    host.run(40);
    const before = host.servedBytes[1];
    host.run(SECOND / 10);
    expect(host.servedBytes[1]).toBe(before);
  });

  it('of a VM that falls silent or is suspended holds nobody up for more than a sweep', () => {
    for (const quiet of ['silent', 'suspended'] as const) {
      const host = new SimulatedHost({ speedsBps: [1e9], guests: [{ priority: 1, frameBytes: [1514] }, {}] });
      host.run(SECOND / 10);
      host[quiet][0] = 1;
      if (quiet === 'silent') host.run(SECOND / 100);
      expect(host.utilisation(host.run(SECOND))).toBeGreaterThan(0.9999);
      expect(host.servedBytes[1]).toBeGreaterThan(0.99 * (1e9 / 8));
    }
  });

  it('of a VM that is given all the host offers at a time does not keep the NICs idle', () => {
    // 32 frames of 64 bytes every 50 us are 328 Mbit/s: all the host hands over, however much there is.
    const host = new SimulatedHost({
      speedsBps: [1e9],
      guests: [{ priority: 1, frameBytes: [64] }, {}],
      sweepUs: 50,
    });
    host.run(SECOND / 10);
    const measured = host.run(SECOND);
    expect(measured[0] / 327.68e6).toBeGreaterThan(0.99);
    expect(host.utilisation(measured)).toBeGreaterThan(0.999);
  });

  it('holds from the next sweep on when it is changed', () => {
    const host = new SimulatedHost({ speedsBps: [1e9], guests: [{}, {}] });
    host.run(SECOND / 10);
    host.vms.priority[1] = 3;
    host.run(SECOND / 100);
    expect(host.run(SECOND).map(Mbps)).toEqual(['0.0 Mbps', '1000.0 Mbps']);
  });

  it('is a class from 0 to 255', () => {
    expect([-7, 0, 1, 255, 256, 2 ** 31 - 1].map(classOf)).toEqual([0, 0, 1, 255, 255, 255]);
  });
});
