import { type ObservedBatch, type Signal, TcpFlag } from '@fairlead/sdk';
import { conformanceLaws, createInstance, ManualClock, testVms } from '@fairlead/sdk/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import heavyHitters from '../src/index.ts';
import { countAddress, dotted, heaviest } from '../src/space-saving.ts';
import { batches, mixed } from './frames.ts';

const laws = conformanceLaws(heavyHitters, {
  options: [{}, { share: 0.01, floorFps: 1, windows: 1, counters: 2 }, { counters: 64 }],
});

const ATTACKER = 0xc6336407; // 198.51.100.7

function watched(options: object = {}) {
  const clock = new ManualClock();
  const given = { floorFps: 1000, windows: 1, ...options };
  const detector = createInstance(heavyHitters, given, { vms: testVms([{}, {}]), clock });
  return {
    detector,
    pass(
      addresses: Iterable<number>,
      where: { vm?: number; weight?: number; direction?: ObservedBatch['direction']; tcp?: number } = {},
    ) {
      for (const batch of batches(addresses, where)) detector.observe(batch);
      return detector.judge(clock.advance(1_000_000));
    },
  };
}

describe('the heavy-hitters detector', () => {
  it.each(laws)('$name', async ({ check }) => {
    await expect(Promise.resolve(check())).resolves.toBeUndefined();
  });

  it('holds what frames stand for against the floor, and finds a flood of ten times on a busy worker', () => {
    const { pass } = watched({ floorFps: 100_000 });
    const clean = mixed(4500, 0, ATTACKER);
    expect(pass(clean, { weight: 4 })).toEqual([]);
    const [{ evidence }] = pass(mixed(45_000, 0.9, ATTACKER), { weight: 4 });
    expect(evidence.source).toBe('198.51.100.7');
    expect(Number(evidence.fps)).toBeCloseTo(Number(evidence.share) * 180_000);
    expect(pass(mixed(45_000, 0.9, ATTACKER))).toEqual([]);
  });

  it.each([
    { direction: 'inbound', role: 'source' },
    { direction: 'outbound', role: 'destination' },
  ] as const)('names the $role that has most of the frames $direction', ({ direction, role }) => {
    const [signal, ...more] = watched().pass(mixed(100_000, 0.7, ATTACKER), { vm: 1, direction });
    expect(more).toEqual([]);
    expect(signal).toMatchObject({ kind: 'attack', vm: 1, atUs: 1_000_000 });
    expect(signal.evidence).toMatchObject({ direction, [role]: '198.51.100.7', windows: 1 });
    expect(Math.abs(Number(signal.evidence.share) - 0.7)).toBeLessThan(0.03);
    expect(Math.abs(Number(signal.evidence.fps) - 70_000)).toBeLessThan(3000);
    expect(signal.confidence).toBe(0.6 * Number(signal.evidence.share));
  });

  it('signals it in so many windows one after the other, and no longer than it lasts', () => {
    const { pass } = watched({ windows: 3 });
    const parts = [0.7, 0.7, 0.1, 0.7, 0.7, 0.7, 0.7, 0.1];
    const said = parts.map((part) => pass(mixed(50_000, part, ATTACKER)).length);
    expect(said).toEqual([0, 0, 0, 0, 0, 1, 1, 0]);
  });

  it.each([
    { part: 0.6, share: 0.5, signals: 1 },
    { part: 0.5, share: 0.5, signals: 0 },
    { part: 0.4, share: 0.5, signals: 0 },
    { part: 0.4, share: 0.3, signals: 1 },
  ])('has $signals signals for $part of the frames where $share is allowed', ({ part, share, signals }) => {
    expect(watched({ share }).pass(mixed(100_000, part, ATTACKER))).toHaveLength(signals);
  });

  it('leaves a TCP transfer alone, whichever way it goes, and not what its peer is not answered', () => {
    const { Ack, Rst, Syn } = TcpFlag;
    for (const direction of ['inbound', 'outbound'] as const) {
      const other = direction === 'inbound' ? 'outbound' : 'inbound';
      const pass = (tcp: number, answers: number, answerTcp: number): number => {
        const { detector, pass } = watched();
        const back = mixed(answers, 1, ATTACKER);
        for (const batch of batches(back, { direction: other, tcp: answerTcp })) detector.observe(batch);
        return pass(mixed(40_000, 0.9, ATTACKER), { direction, tcp }).filter(
          ({ evidence }) => evidence.direction === direction,
        ).length;
      };
      expect(pass(Ack, 20_000, Ack)).toBe(0);
      expect(pass(Ack, 1000, Ack)).toBe(1); // one for 36
      expect(pass(Ack, 40_000, Rst | Ack)).toBe(1);
      expect(pass(Syn, 40_000, Syn | Ack)).toBe(1);
      expect(pass(0, 40_000, 0)).toBe(1); // datagrams
    }
  });

  it('finds one among more addresses than it counts', () => {
    const [signal] = watched({ share: 0.4 }).pass(mixed(200_000, 0.6, ATTACKER, 40_000));
    expect(signal.evidence.source).toBe('198.51.100.7');
  });

  it('does not keep step with a sender that takes turns', () => {
    const inTurn = Array.from({ length: 160_000 }, (_, i) => 0x0a000000 + (i % 16));
    expect(watched({ share: 0.1, floorFps: 1 }).pass(inTurn)).toEqual([]);
  });

  it('counts neither frames that are no IP, nor those of the window before', () => {
    const { pass } = watched({ share: 0.3 });
    expect(pass(mixed(20_000, 0.9, 0))).toEqual([]);
    pass(mixed(100_000, 0.9, ATTACKER));
    expect(pass(mixed(20_000, 0.1, ATTACKER))).toEqual([]);
  });

  it('never signals a VM below the floor, whoever sends to it', () => {
    const window = fc.record({
      count: fc.integer({ min: 0, max: 999 }),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    const law = fc.property(fc.array(window, { minLength: 1, maxLength: 10 }), (windows) => {
      const { pass } = watched({ share: 0.01 });
      for (const { count, part } of windows) expect(pass(mixed(count, part, ATTACKER))).toEqual([]);
    });
    fc.assert(law, { numRuns: 50, seed: 5 });
  });

  it('goes on with the streak of its predecessor', () => {
    const before = watched({ windows: 2 });
    before.pass(mixed(50_000, 0.8, ATTACKER));
    const after = createInstance(
      heavyHitters,
      { floorFps: 1000, windows: 2 },
      {
        vms: testVms([{}, {}]),
        clock: new ManualClock(1_000_000),
      },
    );
    after.importState?.(structuredClone(before.detector.exportState?.()), { name: 'heavy-hitters' });
    for (const batch of batches(mixed(50_000, 0.8, ATTACKER))) after.observe(batch);
    expect(after.judge(2_000_000).map(({ evidence }: Signal) => evidence.windows)).toEqual([2]);
  });
});

describe('space-saving', () => {
  it('never misses an address that has more than one part in k, and is never wrong by more', () => {
    const law = fc.property(
      fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 300 }),
      (addresses) => {
        const k = 4;
        const counters = new Int32Array(4 * k);
        for (const address of addresses) countAddress(counters, 0, k, address, 0);
        for (let address = 1; address <= 12; address++) {
          const real = addresses.filter((one) => one === address).length;
          const at = counters.indexOf(address);
          const isCounted = at >= 0 && at < k;
          if (real > addresses.length / k) expect(isCounted).toBe(true);
          if (!isCounted) continue;
          expect(counters[at + k]).toBeGreaterThanOrEqual(real);
          expect(counters[at + k] - counters[at + 2 * k]).toBeLessThanOrEqual(real);
          expect(counters[at + 2 * k]).toBeLessThanOrEqual(addresses.length / k);
        }
      },
    );
    fc.assert(law, { numRuns: 300, seed: 5 });
  });

  it('names the one that is surest', () => {
    const counters = new Int32Array(2 * 8);
    for (const address of [7, 7, 7, 8, 9, 9]) countAddress(counters, 0, 2, address, 0);
    expect(heaviest(counters, 0, 8, 2, 8)).toEqual({ address: 7, count: 3 });
    expect(dotted(-1)).toBe('255.255.255.255');
  });

  it('takes off what goes on and is answered, and nothing that an address before it in the counter had', () => {
    const counters = new Int32Array(2 * 8);
    for (const address of [7, 7, 7, 7, 7, 8, 9]) countAddress(counters, 0, 2, address, 1);
    for (const address of [7, 9]) countAddress(counters, 8, 2, address, 1);
    expect(counters[6 + 1]).toBe(1); // 9 has the counter of 8, and not what went on with it
    expect(heaviest(counters, 0, 8, 2, 3)).toEqual({ address: 7, count: 2 });
    expect(heaviest(counters, 0, 8, 2, 8)).toEqual({ address: 0, count: 0 });
  });
});
