import { conformanceLaws } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import plugin from '../src/index.ts';
import { decodeLacpdu, encodeLacpdu, type Lacpdu } from '../src/lacpdu.ts';
import { Cables } from './cables.ts';

/** What a partner answers that agrees with everything it hears. */
function partnerOf(frame: Uint8Array): Uint8Array {
  const { actor } = decodeLacpdu(frame) as Lacpdu;
  const partner = { ...actor, system: '0200000000fa', state: 0x3f };
  return encodeLacpdu(Uint8Array.of(2, 0, 0, 0, 0, 0xfa), { actor: partner, partner: actor });
}

const SECOND_US = 1e6;
const UP = 'current distributing up';

describe('two systems', () => {
  it('agree on their links after the time to wait for others', () => {
    const cables = new Cables(2, { rate: 'fast' }, { rate: 'fast' });
    cables.run(0.5 * SECOND_US);
    expect(cables.near.states).toEqual(['current waiting down', 'current waiting down']);
    cables.run(2 * SECOND_US);
    expect([cables.near.states, cables.far.states]).toEqual([
      [UP, UP],
      [UP, UP],
    ]);
    expect(cables.near.monitor.explain(0)).toBe('partner 0200000000fa, key 7, port 1: distributing');
  });

  it.each([
    ['active', 'passive', true],
    ['passive', 'active', true],
    ['passive', 'passive', false],
  ] as const)('%s and %s: agreed %s', (near, far, agreed) => {
    const cables = new Cables(1, { mode: near, rate: 'fast' }, { mode: far, rate: 'fast' });
    cables.run(10 * SECOND_US);
    expect(cables.near.states).toEqual([agreed ? UP : 'defaulted detached down']);
    if (!agreed) expect(cables.sent).toEqual({ near: [0, 0, 0, 0], far: [0, 0, 0, 0] });
  });

  it.each([
    ['fast', 'fast', 1, 1],
    ['slow', 'fast', 1, 30],
    ['fast', 'slow', 30, 1],
    ['slow', 'slow', 30, 30],
  ] as const)('%s and %s: each speaks as often as the other one asks', (near, far, nearEvery, farEvery) => {
    const cables = new Cables(1, { rate: near }, { rate: far });
    cables.run(100 * SECOND_US);
    expect(cables.near.states).toEqual([UP]);
    const before = { near: cables.sent.near[0] as number, far: cables.sent.far[0] as number };
    cables.run(300 * SECOND_US);
    const sent = {
      near: (cables.sent.near[0] as number) - before.near,
      far: (cables.sent.far[0] as number) - before.far,
    };
    expect(sent).toEqual({ near: expect.closeTo(300 / nearEvery, -1), far: expect.closeTo(300 / farEvery, -1) });
  });

  it('never send more than three LACPDUs a second over a NIC, whatever arrives', () => {
    const cables = new Cables(1, { rate: 'fast' }, { rate: 'fast', fastPeriodicMs: 100 });
    cables.run(10 * SECOND_US);
    const before = cables.sent.near[0] as number;
    cables.run(10 * SECOND_US);
    expect((cables.sent.near[0] as number) - before).toBeLessThanOrEqual(33);
  });

  it('leave a link that lost its carrier at once, and begin anew on it', () => {
    const cables = new Cables(2, { rate: 'fast' }, { rate: 'fast' });
    cables.run(5 * SECOND_US);
    cables.near.port.down.add(0);
    cables.far.port.down.add(0);
    cables.run(0.2 * SECOND_US);
    expect(cables.near.states).toEqual(['disabled detached unknown', UP]);
    cables.near.port.down.clear();
    cables.far.port.down.clear();
    cables.run(3 * SECOND_US);
    expect(cables.near.states).toEqual([UP, UP]);
  });

  it('go on as one when a member leaves and another comes', () => {
    const cables = new Cables(3, { rate: 'fast' }, { rate: 'fast' });
    cables.near.port.members = [0, 1];
    cables.run(5 * SECOND_US);
    cables.near.port.members = [1, 2];
    cables.run(8 * SECOND_US);
    expect(cables.near.states).toEqual([UP, UP]);
    expect(cables.near.monitor.status(0)).toBeUndefined();
    expect(cables.near.monitor.verdict(0)).toBe('unknown');
  });

  it('try again what there was no room for', () => {
    const cables = new Cables(1, { rate: 'fast' }, { rate: 'fast' });
    cables.near.port.full.add(0);
    cables.run(5 * SECOND_US);
    expect(cables.sent.near).toEqual([0, 0, 0, 0]);
    cables.near.port.full.clear();
    cables.run(0.02 * SECOND_US);
    expect(cables.sent.near[0]).toBeGreaterThan(0);
    cables.run(5 * SECOND_US);
    expect(cables.near.states).toEqual([UP]);
  });
});

describe('a link that is cut while both ends have a carrier', () => {
  it('is expired after three fast periods, defaulted after three more; the other one goes on', () => {
    const cables = new Cables(2, { rate: 'fast' }, { rate: 'fast' });
    cables.run(40 * SECOND_US);
    cables.cut.add(0);
    cables.run(4.1 * SECOND_US);
    expect(cables.near.states).toEqual(['expired attached down', UP]);
    expect(cables.near.monitor.explain(0)).toBe('partner 0200000000fa, key 7, port 1 is silent');
    cables.run(4.1 * SECOND_US);
    expect(cables.near.states).toEqual(['defaulted detached down', UP]);
    cables.cut.clear();
    cables.run(30.1 * SECOND_US);
    expect([cables.near.states, cables.far.states]).toEqual([
      [UP, UP],
      [UP, UP],
    ]);
  });

  it('is expired after three slow periods where the slow rate is asked for, defaulted three fast ones later', () => {
    const cables = new Cables(2);
    cables.run(100 * SECOND_US);
    cables.cut.add(0);
    const until = (receive: string): number => {
      const fromUs = cables.nowUs;
      while (cables.near.monitor.status(0)?.receive !== receive && cables.nowUs - fromUs < 1e9) cables.run(10_000);
      return (cables.nowUs - fromUs) / SECOND_US;
    };
    const expired = until('expired');
    expect(expired).toBeGreaterThan(60);
    expect(expired).toBeLessThanOrEqual(90.1);
    expect(until('defaulted')).toBeCloseTo(3, 1);
    expect(cables.near.states[1]).toBe(UP);
  });

  it('one way: the end that still hears is out of sync once the other one has given up', () => {
    const cables = new Cables(2, { rate: 'fast' }, { rate: 'fast' });
    cables.run(5 * SECOND_US);
    cables.mute.add(1);
    cables.run(4.1 * SECOND_US);
    expect(cables.near.states[1]).toBe('expired attached down');
    cables.run(4.1 * SECOND_US);
    expect(cables.near.states[1]).toBe('defaulted detached down');
    expect(cables.far.states).toEqual([UP, 'current attached down']);
  });
});

describe('without a partner', () => {
  it.each([
    [false, 'expired detached down', 'defaulted detached down'],
    [true, 'expired detached unknown', 'defaulted detached up'],
  ])('and with fallback %s, a NIC is at first "%s", then "%s"', (fallback, first, then) => {
    const cables = new Cables(1, { fallback });
    cables.cut.add(0);
    cables.run(2.9 * SECOND_US);
    expect(cables.near.states).toEqual([first]);
    cables.run(0.2 * SECOND_US);
    expect([cables.near.states, cables.near.monitor.explain(0)]).toEqual([[then], 'no partner speaks LACP']);
  });

  it('that hears itself, it is down', () => {
    const cables = new Cables(1, { rate: 'fast' }, { rate: 'fast', system: '02:fa:1e:ad:00:00' });
    cables.run(5 * SECOND_US);
    expect([cables.near.states, cables.near.monitor.explain(0)]).toEqual([
      ['current detached down'],
      'it hears itself',
    ]);
  });
});

describe('partners that differ', () => {
  it('have the most ports of one and the same; the others are down', () => {
    const cables = new Cables(3, { rate: 'fast' }, { rate: 'fast' });
    const stranger = new Cables(3, {}, { rate: 'fast', system: '02:00:00:00:00:bb' }).far;
    cables.cut.add(2);
    for (let step = 0; step < 400; step++) {
      cables.run(10_000);
      stranger.monitor.poll(cables.nowUs);
      for (const { nic, frame } of stranger.port.take())
        if (nic === 2) cables.near.monitor.receive(nic, frame, cables.nowUs);
    }
    expect(cables.near.states).toEqual([UP, UP, 'current detached down']);
    expect(cables.near.monitor.explain(2)).toBe(
      'partner 0200000000bb, key 7, port 3 is another one than the other NICs have',
    );
  });

  it('at one end of two cables do not push out the one that was chosen', () => {
    const cables = new Cables(2, { rate: 'fast' }, { rate: 'fast' });
    cables.cut.add(0);
    cables.run(5 * SECOND_US);
    const stranger = new Cables(1, {}, { rate: 'fast', system: '02:00:00:00:00:bb', systemPriority: 0 }).far;
    for (let step = 0; step < 400; step++) {
      cables.run(10_000);
      stranger.monitor.poll(cables.nowUs);
      for (const { frame } of stranger.port.take()) cables.near.monitor.receive(0, frame, cables.nowUs);
    }
    expect(cables.near.states).toEqual(['current detached down', UP]);
  });
});

describe('options', () => {
  it('refuse a group address for the system', () => {
    expect(() => new Cables(1, { system: '01:00:00:00:00:01' })).toThrow(
      expect.objectContaining({ code: 'FAIRLEAD_ERR_PLUGIN_OPTIONS' }),
    );
  });
});

const laws = conformanceLaws(plugin, {
  options: [{ rate: 'fast' }, { mode: 'passive' }, { fallback: true, rate: 'fast' }],
  network: (_nic, frame) => [partnerOf(frame)],
});

describe('lacp keeps the laws of its kind', () => {
  it.each(laws)('$name', async ({ check }) => expect(await check()).toBeUndefined());
});
