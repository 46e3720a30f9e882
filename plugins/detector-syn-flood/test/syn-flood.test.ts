import type { ObservedBatch, Signal } from '@fairlead/sdk';
import { conformanceLaws, createInstance, testVms } from '@fairlead/sdk/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import synFlood from '../src/index.ts';
import { batches, CLOSES, connections, GOES_ON, REFUSED, type Segment, type Shown, STRAY } from './connections.ts';

const laws = conformanceLaws(synFlood, { options: [{}, { a: 0.01, n: 0.01, floorSyns: 1 }] });

/** A detector of two VMs, and a way to let windows pass: each is a list of what passes in it. */
function watched(options: object = {}, direction: ObservedBatch['direction'] = 'inbound', vm = 0) {
  const detector = createInstance(synFlood, options, { vms: testVms([{}, {}]) });
  let nowUs = 0;
  let first = 0;
  const take = (count: number): number => (first += count) - count;
  return {
    detector,
    pass(...passing: readonly Iterable<Segment>[]): readonly Signal[] {
      for (const segments of passing) for (const batch of batches(segments, vm, direction)) detector.observe(batch);
      return detector.judge((nowUs += 1_000_000));
    },
    clean: (count: number, next: readonly number[] = GOES_ON, lag = 5) =>
      connections(count, { first: take(count), next, lag }),
    flood: (count: number) => connections(count, { first: take(count) }),
    refused: (count: number, answer: number) => connections(count, { first: take(count), answer }),
  };
}

/** The windows, counted from 1, in which something was signalled. */
const signalled = (windows: readonly (readonly Signal[])[]): number[] =>
  windows.flatMap((signals, i) => (signals.length > 0 ? [i + 1] : []));

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

describe('the syn-flood detector', () => {
  it.each(laws)('$name', async ({ check }) => {
    await expect(Promise.resolve(check())).resolves.toBeUndefined();
  });

  describe('on a busy worker, of which a quarter of each window is shown', () => {
    const at = (ms: number): Shown => ({ weight: 4, nowUs: ms * 1000, sinceUs: 0, untilUs: 250_000 });

    function busy() {
      const { detector, clean, flood } = watched();
      let nowUs = 0;
      const show = (segments: Iterable<Segment>, shown: Shown): void => {
        for (const batch of batches(segments, 0, 'inbound', shown)) detector.observe(batch);
      };
      return { clean, flood, show, judge: () => detector.judge((nowUs += 1_000_000)) };
    }

    it('counts the SYNs of the first half of the slice for those of the whole window', () => {
      const { clean, flood, show, judge } = busy();
      for (let i = 0; i < 20; i++) {
        show(clean(60), at(50));
        expect(judge()).toEqual([]);
      }
      show(clean(60), at(50));
      show(flood(540), at(100)); // ten times as many
      show(flood(540), at(200));
      const [{ evidence }] = judge();
      expect(evidence.syns).toBe(8 * 600);
      expect(Math.abs(Number(evidence.unfinished) / (8 * 540) - 1)).toBeLessThan(0.1);
    });

    it('holds nothing against connections that were asked for when the slice was about to end', () => {
      const { clean, flood, show, judge } = busy();
      for (let i = 0; i < 20; i++) {
        show(clean(60), at(50));
        show(flood(600), at(125)); // nobody sees how they go on
        expect(judge()).toEqual([]);
      }
    });

    it('counts a connection that goes on late in the slice', () => {
      const { clean, show, judge } = busy();
      for (let i = 0; i < 20; i++) {
        const segments = [...clean(60)];
        show(segments.slice(0, 60), at(10));
        show(segments.slice(60), at(249));
        expect(judge()).toEqual([]);
      }
    });
  });

  describe.each(['inbound', 'outbound'] as const)('with connections %s', (direction) => {
    it.each([
      { what: 'as many SYNs again as usual', flood: 500, from: 2 },
      { what: 'twice as many', flood: 1000, from: 1 },
      { what: 'ten times as many', flood: 5000, from: 1 },
    ])('signals $what in window $from, and lets go when it is over', ({ flood, from }) => {
      const { pass, clean, flood: attack } = watched({}, direction, 1);
      expect(signalled(times(50, () => pass(clean(500))))).toEqual([]);
      const during = times(10, () => pass(clean(500), attack(flood)));
      expect(signalled(during)).toEqual(times(11 - from, (i) => i + from));
      expect(during[9][0]).toMatchObject({ kind: 'attack', vm: 1, evidence: { direction } });
      expect(signalled(times(10, () => pass(clean(500))))).toEqual([]);
    });
  });

  it('says what it has measured, and how sure it is', () => {
    const { pass, clean, flood } = watched();
    times(50, () => pass(clean(500)));
    const [{ confidence, evidence, atUs }] = pass(clean(500), flood(1500));
    expect(atUs).toBe(51_000_000);
    expect(evidence.direction).toBe('inbound');
    // One SYN in some hundred thousand is taken for another one said again.
    expect(Number(evidence.syns)).toBeGreaterThan(1995);
    expect(Math.abs(Number(evidence.unfinished) / 1500 - 1)).toBeLessThan(0.05);
    expect(Math.abs(Number(evidence.mean) / 500 - 1)).toBeLessThan(0.05);
    expect(confidence).toBe(Number(evidence.unfinished) / Number(evidence.syns));
  });

  it('finds a flood that begins within a window of many clients, by the next one at the latest', () => {
    const { pass, clean, flood } = watched();
    times(50, () => pass(clean(2000)));
    expect(signalled([pass(clean(2000), flood(10_000)), pass(flood(1000), clean(2000), flood(19_000))])).toContain(2);
  });

  it.each([
    { next: 'an ACK', frames: GOES_ON },
    { next: 'a FIN alone', frames: CLOSES },
  ])('takes twenty times as many clients that go on with $next for what they are', ({ frames }) => {
    const { pass, clean } = watched();
    times(50, () => pass(clean(200, frames, 20)));
    expect(signalled(times(20, () => pass(clean(4000, frames, 400))))).toEqual([]);
  });

  it('finds a flood among these clients', () => {
    const { pass, clean, flood } = watched();
    times(20, () => pass(clean(4000, GOES_ON, 400)));
    expect(signalled(times(3, () => pass(clean(4000, GOES_ON, 400), flood(6000))))).toEqual([1, 2, 3]);
  });

  it('looks at part of the SYNs when there are plenty, and tells a flood and a crowd as before', () => {
    const { pass, clean, flood } = watched();
    expect(signalled(times(5, () => pass(clean(20_000, GOES_ON, 50))))).toEqual([]);
    const [first, second] = times(2, () => pass(clean(20_000, GOES_ON, 50), flood(20_000)));
    expect(first.length + second.length).toBeGreaterThan(0);
    expect(Math.abs(Number(second[0].evidence.syns) / 40_000 - 1)).toBeLessThan(0.05);
    expect(Math.abs(Number(second[0].evidence.unfinished) / 20_000 - 1)).toBeLessThan(0.1);
  });

  it('takes three quarters of the refusals for answers, and resets that answer stray frames for none', () => {
    const scan = watched();
    expect(signalled(times(20, () => scan.pass(scan.clean(400), scan.refused(400, REFUSED))))).toEqual([]);
    const flood = watched();
    times(20, () => flood.pass(flood.clean(400)));
    expect(signalled(times(3, () => flood.pass(flood.clean(400), flood.refused(600, STRAY))))).toEqual([1, 2, 3]);
  });

  it('counts a SYN once in a window, however often it is said again', () => {
    const { pass } = watched();
    const again = times(20, () => ({ flags: 2, flow: 12_345 }));
    expect(signalled(times(20, () => pass(again)))).toEqual([]);
  });

  it('does not mind how few connections a VM has, nor how long they last', () => {
    const { pass, clean } = watched();
    expect(signalled(times(200, (i) => pass(clean(i % 3))))).toEqual([]);
    // Ten thousand that stay open: no FIN is ever seen.
    expect(signalled(times(20, () => pass(clean(500))))).toEqual([]);
  });

  it('never signals a VM of which fewer connections than the floor come to nothing', () => {
    const window = fc.record({ clean: fc.integer({ min: 0, max: 300 }), lost: fc.integer({ min: 0, max: 19 }) });
    const law = fc.property(fc.array(window, { minLength: 1, maxLength: 20 }), (windows) => {
      const { pass, clean, flood } = watched({ a: 0.01, n: 0.01, floorSyns: 60 });
      for (const { clean: usual, lost } of windows) expect(pass(clean(usual, GOES_ON, 2), flood(lost))).toEqual([]);
    });
    fc.assert(law, { numRuns: 50, seed: 5 });
  });

  it('hands its sum and its mean over', () => {
    const before = watched();
    times(20, () => before.pass(before.clean(500)));
    before.pass(before.clean(500), before.flood(400));
    const after = watched();
    after.detector.importState?.(structuredClone(before.detector.exportState?.()), { name: 'syn-flood' });
    expect(signalled([after.pass(after.clean(500), after.flood(500))])).toEqual([1]);
  });
});
