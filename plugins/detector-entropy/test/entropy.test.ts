import type { Signal } from '@fairlead/sdk';
import { conformanceLaws, createInstance, testVms } from '@fairlead/sdk/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUCKETS, evenness, total } from '../src/entropy.ts';
import entropy from '../src/index.ts';
import { batches, type Passing } from './frames.ts';

const laws = conformanceLaws(entropy, {
  options: [{}, { floorFrames: 1, shift: 0.001, width: 0.1, windows: 1, learnWindows: 1, relearnWindows: 1 }],
});

/** Clients that begin and go on. */
const USUAL: readonly Passing[] = [
  { frames: 2000, addresses: 10 },
  { frames: 8000, addresses: 10, goesOn: true },
];
const SPOOFED: Passing = { frames: 10_000, addresses: 10_000, first: 1e6 };
const ONE_SOURCE: Passing = { frames: 30_000, addresses: 1, first: 77 };

function watched(options: object = {}) {
  const detector = createInstance(entropy, options, { vms: testVms([{}, {}]) });
  let nowUs = 0;
  const pass = (passing: readonly Passing[], where: Partial<Passing> = {}): readonly Signal[] => {
    for (const one of passing) for (const batch of batches({ ...one, ...where })) detector.observe(batch);
    return detector.judge((nowUs += 1_000_000));
  };
  return {
    detector,
    pass,
    times: (count: number, passing: readonly Passing[], where?: Partial<Passing>): number[] =>
      Array.from({ length: count }, () => pass(passing, where).length),
  };
}

const quiet = (count: number): number[] => Array<number>(count).fill(0);

describe('the entropy detector', () => {
  it.each(laws)('$name', async ({ check }) => {
    await expect(Promise.resolve(check())).resolves.toBeUndefined();
  });

  it('holds what frames stand for against the floor, and finds a flood of ten times on a busy worker', () => {
    const flood: Passing = { frames: 100_000, addresses: 100_000, first: 1e6 };
    for (const weight of [4, 1]) {
      const { times } = watched({ floorFrames: 400_000 });
      expect(times(30, USUAL, { weight })).toEqual(quiet(30));
      expect(times(3, [...USUAL, flood], { weight })).toEqual(weight === 4 ? [0, 1, 1] : [0, 0, 0]);
    }
  });

  it.each([
    { what: 'made-up sources', flood: SPOOFED, direction: 'inbound', rises: true },
    { what: 'a single source', flood: ONE_SOURCE, direction: 'inbound', rises: false },
    { what: 'made-up destinations', flood: SPOOFED, direction: 'outbound', rises: true },
    { what: 'a single destination', flood: ONE_SOURCE, direction: 'outbound', rises: false },
  ] as const)('signals $what $direction in the second window, as long as it lasts', ({ flood, direction, rises }) => {
    const { pass, times } = watched();
    expect(times(30, USUAL, { direction, vm: 1 })).toEqual(quiet(30));
    expect(times(5, [...USUAL, flood], { direction, vm: 1 })).toEqual([0, 1, 1, 1, 1]);
    const [{ vm, evidence, confidence }] = pass([...USUAL, flood], { direction, vm: 1 });
    expect([vm, evidence.direction, evidence.frames, evidence.windows]).toEqual([
      1,
      direction,
      10_000 + flood.frames,
      6,
    ]);
    expect(Number(evidence.entropy) > Number(evidence.mean)).toBe(rises);
    const away = Math.abs(Number(evidence.entropy) - Number(evidence.mean));
    expect(away).toBeGreaterThan(Number(evidence.band));
    expect(confidence).toBe(away / (away + Number(evidence.band)));
    expect(times(5, USUAL, { direction, vm: 1 })).toEqual(quiet(5));
  });

  it('leaves a crowd alone, of which those that go on are as many as those that begin', () => {
    const { times } = watched();
    expect(times(30, USUAL)).toEqual(quiet(30));
    const crowd = USUAL.map((passing) => ({ ...passing, frames: 5 * passing.frames, addresses: 3000 }));
    expect(times(20, crowd)).toEqual(quiet(20));
    expect(times(3, [...crowd, { ...ONE_SOURCE, frames: 100_000 }])).toEqual([0, 1, 1]);
  });

  it('does not mind one client that has most of what goes on', () => {
    const { times } = watched();
    times(30, USUAL);
    expect(times(10, [...USUAL, { ...ONE_SOURCE, goesOn: true }])).toEqual(quiet(10));
    expect(times(10, USUAL)).toEqual(quiet(10));
  });

  it('learns from a VM with little to see over several windows', () => {
    const { times } = watched({ windows: 1 });
    const little: readonly Passing[] = [{ frames: 60, addresses: 3 }];
    expect(times(300, little)).toEqual(quiet(300));
    expect(times(2, [...little, SPOOFED])).toEqual([1, 1]);
  });

  it('says nothing before it has learnt, and learns anew what has been out of the band for long', () => {
    const { times } = watched({ windows: 1, learnWindows: 5, relearnWindows: 8 });
    expect(times(5, USUAL)).toEqual(quiet(5));
    expect(times(20, [...USUAL, SPOOFED])).toEqual([...Array<number>(8).fill(1), ...quiet(12)]);
    expect(times(1, USUAL)).toEqual([1]);
  });

  it('never signals a VM with fewer frames than the floor, from wherever', () => {
    const window = fc.record({ frames: fc.integer({ min: 0, max: 999 }), addresses: fc.integer({ min: 1, max: 999 }) });
    const law = fc.property(fc.array(window, { minLength: 1, maxLength: 40 }), (windows) => {
      const { pass } = watched({ floorFrames: 1000, shift: 0.001, width: 0.1, windows: 1, learnWindows: 1 });
      for (const passing of windows) expect(pass([passing])).toEqual([]);
    });
    fc.assert(law, { numRuns: 100, seed: 5 });
  });

  it('hands over what it has learnt', () => {
    const before = watched({ windows: 1 });
    before.times(30, USUAL);
    const after = watched({ windows: 1 });
    after.detector.importState?.(structuredClone(before.detector.exportState?.()), { name: 'entropy' });
    expect(after.times(1, [...USUAL, SPOOFED])).toEqual([1]);
  });
});

describe('the evenness of a histogram', () => {
  const of = (...counts: number[]): number => evenness(Int32Array.from({ ...counts, length: BUCKETS }), 0);

  it('is 0 with all in one bucket, 1 with as many in each, and that of a coin for two', () => {
    expect([of(), of(0, 500), of(...Array<number>(BUCKETS).fill(1e6))]).toEqual([0, 0, 1]);
    expect(of(500_000, 500_000)).toBeCloseTo(1 / 5, 6);
    expect(of(900_000, 100_000)).toBeCloseTo(0.468_996 / 5, 5);
    expect(
      total(
        Int32Array.from({ length: BUCKETS }, () => 3),
        0,
      ),
    ).toBe(96);
  });

  it('hardly depends on how many were counted', () => {
    const law = fc.property(
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 8, maxLength: BUCKETS }),
      (counts) => {
        const few = of(...counts.map((count) => 4 * count));
        const many = of(...counts.map((count) => 4000 * count));
        expect(Math.abs(few - many)).toBeLessThan(0.06);
      },
    );
    fc.assert(law, { numRuns: 200, seed: 5 });
  });
});
