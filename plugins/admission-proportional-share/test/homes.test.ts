import { describe, expect, it } from 'vitest';
import { Mbps, SimulatedHost } from './simulated-host.ts';

const SECOND = 1e6;
const BY_PAIRS = (vm: number) => vm >> 1;

describe('where VMs are tied to NICs', () => {
  it('those of one NIC share it, and no NIC idles', () => {
    const guests = [{ shares: 1 }, { shares: 3 }, { shares: 1 }, { shares: 2 }];
    const host = new SimulatedHost({ speedsBps: [1e9, 1e9], guests, place: BY_PAIRS });
    host.run(SECOND / 10);
    expect(host.run(SECOND).map(Mbps)).toMatchInlineSnapshot(`
      [
        "250.0 Mbps",
        "750.0 Mbps",
        "333.3 Mbps",
        "666.7 Mbps",
      ]
    `);
  });

  it('a priority counts among those of one NIC', () => {
    const guests = [{ priority: 1 }, {}, {}, { shares: 3 }];
    const host = new SimulatedHost({ speedsBps: [1e9, 1e9], guests, place: BY_PAIRS });
    host.run(SECOND / 10);
    expect(host.run(SECOND).map(Mbps)).toMatchInlineSnapshot(`
      [
        "1000.0 Mbps",
        "0.0 Mbps",
        "250.0 Mbps",
        "750.0 Mbps",
      ]
    `);
  });

  it('a reservation counts among those of one NIC', () => {
    const guests = [{ reservationBps: 800e6 }, { shares: 1000 }, {}, { reservationBps: 100e6 }];
    const host = new SimulatedHost({ speedsBps: [1e9, 1e9], guests, place: BY_PAIRS });
    host.run(SECOND / 10);
    expect(host.run(SECOND).map(Mbps)).toMatchInlineSnapshot(`
      [
        "800.2 Mbps",
        "199.8 Mbps",
        "450.0 Mbps",
        "550.0 Mbps",
      ]
    `);
  });

  it('a spare NIC that carries nothing does not spoil the shares', () => {
    const guests = [{ shares: 1 }, { shares: 2 }, { shares: 4 }];
    const host = new SimulatedHost({ speedsBps: [1e9, 1e9], guests, place: () => 0 });
    host.run(SECOND / 10);
    expect(host.run(SECOND).map(Mbps)).toEqual(['142.9 Mbps', '285.7 Mbps', '571.4 Mbps']);
  });

  it('a VM that moves to another NIC shares that one', () => {
    let nicOfVm1 = 0;
    const host = new SimulatedHost({
      speedsBps: [1e9, 1e9],
      guests: [{}, {}, {}, {}],
      place: (vm) => (vm === 1 ? nicOfVm1 : BY_PAIRS(vm)),
    });
    host.run(SECOND / 10);
    nicOfVm1 = 1;
    host.run(SECOND / 10);
    const measured = host.run(SECOND);
    expect(measured[0]).toBeGreaterThan(0.999e9);
    for (const rate of measured.slice(1)) expect(rate / (1e9 / 3)).toBeCloseTo(1, 2);
  });

  it('all share what is left when a NIC goes down', () => {
    const host: SimulatedHost = new SimulatedHost({
      speedsBps: [1e9, 1e9],
      guests: [{}, {}, {}, {}],
      place: (vm) => (host.nics.availableCount === 1 ? 1 : BY_PAIRS(vm)),
    });
    host.run(SECOND / 10);
    host.nics.setAvailable(1);
    host.run(SECOND / 10);
    expect(host.run(SECOND).map(Mbps)).toEqual(Array(4).fill('250.0 Mbps'));
  });
});

it('frames in turn to a fast NIC and a slow one: nobody starves, no NIC idles', () => {
  let turn = 0;
  const guests = [{}, {}, {}];
  const host = new SimulatedHost({ speedsBps: [1e9, 100e6], guests, place: () => turn++ & 1 });
  host.run(SECOND / 10);
  const measured = host.run(2 * SECOND);
  expect(host.utilisation(measured)).toBeGreaterThan(0.999);
  for (const rate of measured) expect(rate).toBeGreaterThan(0.5 * (1.1e9 / 3));
});
