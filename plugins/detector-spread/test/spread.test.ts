import type { ObservedBatch, Signal } from '@fairlead/sdk';
import { conformanceLaws, createInstance, testVms } from '@fairlead/sdk/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add, estimate, REGISTERS, STANDARD_ERROR } from '../src/hyper-log-log.ts';
import spread from '../src/index.ts';
import { Ack, batches, Fin, ICMP, many, Psh, Rst, type Seen, Syn, UDP, Urg } from './frames.ts';

const laws = conformanceLaws(spread, { options: [{}, { targets: 1, sources: 1 }] });

function watched(options: object = {}) {
  const detector = createInstance(spread, options, { vms: testVms([{}, {}]) });
  let nowUs = 0;
  return {
    detector,
    /** Lets these frames pass, those of one list behind those of the other, and judges. */
    pass(where: { vm?: number; direction?: ObservedBatch['direction'] }, ...seen: readonly Seen[][]) {
      for (const frames of seen) for (const batch of batches(frames, where)) detector.observe(batch);
      return detector.judge((nowUs += 1_000_000));
    },
  };
}

const scans = (signals: readonly Signal[]): number => signals.length;

describe('the spread detector', () => {
  it.each(laws)('$name', async ({ check }) => {
    await expect(Promise.resolve(check())).resolves.toBeUndefined();
  });

  const scan = (seen: (i: number) => Seen, count = 2000): number => scans(watched().pass({}, many(count, seen)));

  it.each<{ what: string; seen: (i: number) => Seen; signals: number }>([
    { what: 'SYNs to many addresses', seen: (i) => ({ destination: i, flags: Syn }), signals: 1 },
    { what: 'SYNs to many ports of one address', seen: (i) => ({ toPort: i, flags: Syn }), signals: 1 },
    { what: 'SYNs to few ports', seen: (i) => ({ toPort: i % 400, flags: Syn }), signals: 0 },
    { what: 'FINs alone', seen: (i) => ({ destination: i, flags: Fin }), signals: 1 },
    { what: 'no flags at all', seen: (i) => ({ destination: i }), signals: 1 },
    { what: 'all flags but ACK', seen: (i) => ({ destination: i, flags: Fin | Psh | Urg }), signals: 1 },
    { what: 'data to many clients', seen: (i) => ({ destination: i, flags: Ack | Psh }), signals: 0 },
    { what: 'refusals', seen: (i) => ({ destination: i, flags: Rst }), signals: 0 },
    { what: 'UDP to many services', seen: (i) => ({ destination: i, protocol: UDP, toPort: 53 }), signals: 1 },
    {
      what: 'answers to UDP clients',
      seen: (i) => ({ destination: i, protocol: UDP, fromPort: 53, toPort: 1024 + (i % 60_000) }),
      signals: 0,
    },
    { what: 'pings', seen: (i) => ({ destination: i, protocol: ICMP, fromPort: 0, toPort: 0 }), signals: 1 },
    { what: 'frames that are no IP', seen: (i) => ({ destination: i, protocol: 0 }), signals: 0 },
  ])('has $signals signals for a VM that sends $what', ({ seen, signals }) => {
    expect(scan(seen)).toBe(signals);
  });

  it('says what it has measured, and how sure it is', () => {
    const [signal] = watched().pass(
      { vm: 1 },
      many(4000, (i) => ({ destination: i, flags: Syn })),
    );
    const { targets, ...evidence } = signal.evidence;
    expect(signal).toMatchObject({ kind: 'attack', vm: 1, atUs: 1_000_000 });
    expect(evidence).toEqual({ direction: 'outbound', threshold: 500 });
    expect(Math.abs(Number(targets) / 4000 - 1)).toBeLessThan(3 * STANDARD_ERROR);
    expect(signal.confidence).toBe(Number(targets) / (Number(targets) + 500));
  });

  const inbound = { direction: 'inbound' } as const;
  const begin = (count: number, first = 0): Seen[] => many(count, (i) => ({ source: first + i, flags: Syn }));
  const goOn = (count: number, first = 0): Seen[] => many(count, (i) => ({ source: first + i, flags: Ack }));

  it('signals sources that begin and do not go on, and not a crowd that does', () => {
    const spoofed = watched().pass(inbound, begin(5000));
    expect(spoofed.map(({ vm, evidence }) => [vm, evidence.direction, evidence.goOn])).toEqual([[0, 'inbound', 0]]);
    const crowd = many(10_000, (i) => ({ source: i >> 1, flags: i % 2 === 0 ? Syn : Ack }));
    expect(watched().pass(inbound, crowd)).toEqual([]);
  });

  it('signals them among clients that go on', () => {
    const clients = many(6000, (i) => ({ source: i >> 1, flags: i % 2 === 0 ? Syn : Ack }));
    expect(watched().pass(inbound, clients, begin(12_000, 1e6))).toHaveLength(1);
  });

  it('takes a flood of UDP from made-up sources for what it is', () => {
    expect(
      watched().pass(
        inbound,
        many(5000, (i) => ({ source: i * 7919, protocol: UDP, toPort: 53 })),
      ),
    ).toHaveLength(1);
  });

  it('finds a scan and a flood behind more beginnings than it looks at, and no crowd there', () => {
    const scan = many(4000, (i) => ({ destination: i, flags: Syn }));
    const calls = many(10_000, () => ({ flags: Syn }));
    expect(watched().pass({}, calls)).toEqual([]);
    expect(watched().pass({}, calls, scan)).toHaveLength(1);
    const crowd = many(60_000, (i) => ({ source: i >> 2, flags: i % 4 === 0 ? Syn : Ack }));
    expect(watched().pass(inbound, crowd)).toEqual([]);
    expect(watched().pass(inbound, crowd, begin(150_000, 1e6))).toHaveLength(1);
  });

  it('begins each window anew', () => {
    const { pass } = watched();
    for (let i = 0; i < 10; i++)
      expect(
        pass(
          {},
          many(300, (k) => ({ destination: 300 * i + k, flags: Syn })),
        ),
      ).toEqual([]);
    for (let i = 0; i < 10; i++) expect(pass(inbound, begin(1500, 1500 * i), goOn(10))).toEqual([]);
  });

  it('never signals a VM that begins no more often than the thresholds, to or from whomever', () => {
    const window = fc.record({ targets: fc.integer({ min: 0, max: 50 }), sources: fc.integer({ min: 0, max: 80 }) });
    const law = fc.property(fc.array(window, { minLength: 1, maxLength: 10 }), fc.integer(), (windows, seed) => {
      const { detector } = watched({ targets: 50, sources: 80 });
      for (const [i, { targets, sources }] of windows.entries()) {
        const some = (count: number, make: (k: number) => Seen): Seen[] =>
          many(count, (k) => make(seed + 1000 * i + k));
        for (const batch of batches(some(targets, (destination) => ({ destination, flags: Syn }))))
          detector.observe(batch);
        for (const batch of batches(
          some(sources, (source) => ({ source, flags: Syn })),
          inbound,
        ))
          detector.observe(batch);
        expect(detector.judge(i + 1)).toEqual([]);
      }
    });
    fc.assert(law, { numRuns: 100, seed: 5 });
  });

  it('goes on with the window of its predecessor', () => {
    const before = watched();
    for (const batch of batches(many(700, (i) => ({ destination: i, flags: Syn })))) before.detector.observe(batch);
    const after = watched();
    after.detector.importState?.(structuredClone(before.detector.exportState?.()), { name: 'spread' });
    expect(
      after.pass(
        {},
        many(700, (i) => ({ destination: 700 + i, flags: Syn })),
      ),
    ).toHaveLength(1);
  });
});

describe('a sketch of 128 registers', () => {
  it.each([10, 100, 300, 1000, 10_000, 100_000])('tells %i values with a standard error of 9.2%%', (values) => {
    const errors = Array.from({ length: 100 }, (_, run) => {
      const registers = new Uint8Array(REGISTERS);
      for (let i = 0; i < values; i++) add(registers, 0, run * 1_000_003 + i);
      return estimate(registers, 0) / values - 1;
    });
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    const deviation = Math.sqrt(errors.reduce((sum, error) => sum + (error - mean) ** 2, 0) / errors.length);
    expect(Math.abs(mean)).toBeLessThan(0.04);
    expect(deviation).toBeLessThan(1.2 * STANDARD_ERROR);
  });

  it('is not moved by what it has seen', () => {
    const registers = new Uint8Array(REGISTERS);
    for (let i = 0; i < 10_000; i++) add(registers, 0, i % 5);
    expect(Math.round(estimate(registers, 0))).toBe(5);
    expect(estimate(new Uint8Array(REGISTERS), 0)).toBe(0);
  });
});
