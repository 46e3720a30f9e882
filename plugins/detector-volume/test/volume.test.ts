import { type Detector, type Signal, TcpFlag } from '@fairlead/sdk';
import { conformanceLaws, createInstance, ManualClock, testVms } from '@fairlead/sdk/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newFlows } from '../src/flow-bitmap.ts';
import volume from '../src/index.ts';
import { batches, type Passing } from './traffic.ts';

const laws = conformanceLaws(volume, {
  options: [{}, { alpha: 0.1, windows: 1, learnWindows: 1, floorBps: 1, floorFps: 1, floorFlowsPerS: 1, crowds: true }],
});

const SECOND_US = 1_000_000;
const LOW_FLOORS = { floorBps: 1000, floorFps: 10, floorFlowsPerS: 10 };
const USUAL: Passing = { frames: 1000, flows: 100 };
const { Ack, Rst, Syn } = TcpFlag;
/** Connections of a window: what comes in, and half as many frames that answer. */
const talk = (one: Passing): Passing[] => [
  { ...one, tcp: Ack },
  { ...one, frames: Math.max(2 * (one.flows ?? 1), one.frames / 2), tcp: Ack, direction: 'outbound' },
];

/** A detector of two VMs, and a way to let windows of a second pass. */
function watched(options: object) {
  const clock = new ManualClock();
  const detector = createInstance(volume, { ...LOW_FLOORS, ...options }, { vms: testVms([{}, {}]), clock });
  return { detector, pass: passer(detector, clock) };
}

function passer(detector: Detector, clock: ManualClock) {
  let firstFlow = 0;
  return (...passing: readonly Passing[]): readonly Signal[] => {
    for (const one of passing) {
      for (const batch of batches({ firstFlow, ...one })) detector.observe(batch);
      firstFlow += one.flows ?? 1;
    }
    return detector.judge(clock.advance(SECOND_US));
  };
}

const told = (signals: readonly Signal[]): unknown[] =>
  signals.map(({ vm, evidence: { direction, measure } }) => `vm${vm} ${direction} ${measure}`);

describe('the volume detector', () => {
  it.each(laws)('$name', async ({ check }) => {
    await expect(Promise.resolve(check())).resolves.toBeUndefined();
  });

  it('counts a frame for as many as it stands for, and finds a flood of ten times on a busy worker', () => {
    const { pass } = watched({});
    const busy = { ...USUAL, frames: 250, weight: 4 };
    for (let i = 0; i < 10; i++) expect(pass(busy)).toEqual([]);
    const flood = { ...busy, frames: 2500 };
    expect([pass(flood), pass(flood)]).toEqual([[], []]);
    const [{ evidence }] = pass(flood);
    expect(evidence).toMatchObject({ measure: 'bps', rate: 2500 * 4 * 8000, mean: 250 * 4 * 8000 });
  });

  it('does not take it for new flows that all frames are shown again, or no longer', () => {
    const { pass } = watched({});
    const all = { frames: 8000, flows: 400 };
    const part = { frames: 2000, flows: 100, weight: 4 };
    for (const passing of [all, part, all, part, all]) {
      for (let i = 0; i < 15; i++) expect(pass(passing)).toEqual([]);
    }
  });

  it.each([
    { what: 'bytes', passing: { frames: 1000, frameBytes: 9000, flows: 100 }, measure: 'bps' },
    { what: 'frames', passing: { frames: 9000, frameBytes: 100, flows: 100 }, measure: 'fps' },
    { what: 'new flows', passing: { frames: 1000, flows: 900 }, measure: 'flowsPerS' },
  ])('signals more $what than usual in the third window, in either direction', ({ passing, measure }) => {
    for (const direction of ['inbound', 'outbound'] as const) {
      const { pass } = watched({});
      for (let i = 0; i < 10; i++) expect(pass({ ...USUAL, direction })).toEqual([]);
      const said = Array.from({ length: 4 }, () => told(pass({ ...passing, direction })));
      const signalled = [`vm0 ${direction} ${measure}`];
      expect(said).toEqual([[], [], signalled, signalled]);
      expect(pass({ ...USUAL, direction })).toEqual([]);
    }
  });

  it('says what it has measured, and how sure it is', () => {
    const { pass } = watched({ windows: 1 });
    for (let i = 0; i < 10; i++) pass(USUAL);
    const evidence = {
      direction: 'inbound',
      measure: 'bps',
      rate: 72e6,
      answered: 0,
      mean: 8e6,
      threshold: 16e6,
      windows: 1,
    };
    expect(pass({ ...USUAL, frameBytes: 9000 })).toEqual([
      { kind: 'attack', vm: 0, atUs: 11 * SECOND_US, confidence: 72 / 88, evidence },
    ]);
  });

  it('says nothing of a VM before it has learnt what is usual', () => {
    const { pass } = watched({ windows: 1, learnWindows: 5 });
    for (let i = 0; i < 5; i++) expect(pass({ frames: 1000 * 3 ** i })).toEqual([]);
    expect(pass({ frames: 1000 * 3 ** 5, frameBytes: 60 })).toHaveLength(1);
  });

  it('takes a late judgement for a longer window', () => {
    const clock = new ManualClock();
    const detector = createInstance(volume, { ...LOW_FLOORS, windows: 1 }, { vms: testVms([{}]), clock });
    const pass = passer(detector, clock);
    for (let i = 0; i < 10; i++) pass(USUAL);
    clock.advance(2 * SECOND_US);
    expect(pass({ ...USUAL, frames: 3000, flows: 300 })).toEqual([]);
  });

  it('does not learn while something is too much, and takes it for usual after so many windows', () => {
    const { pass } = watched({ relearnWindows: 20 });
    for (let i = 0; i < 10; i++) pass(USUAL);
    const flood = { ...USUAL, frames: 9000, frameBytes: 111 };
    const said = Array.from({ length: 25 }, () => pass(flood).length);
    expect(said).toEqual([0, 0, ...Array(18).fill(1), ...Array(5).fill(0)]);
  });

  it('leaves a crowd alone that grows alike both ways, as one over UDP does', () => {
    const both = (one: Passing): Passing[] => [one, { ...one, direction: 'outbound' }];
    const crowd = { frames: 10_000, flows: 1000, frameBytes: 500 };
    const quiet = watched({});
    const telling = watched({ crowds: true });
    for (let i = 0; i < 10; i++) for (const { pass } of [quiet, telling]) pass(...both(USUAL));
    for (let i = 0; i < 10; i++) expect(quiet.pass(...both(crowd))).toEqual([]);
    for (let i = 0; i < 2; i++) telling.pass(...both(crowd));
    const [signal] = telling.pass(...both(crowd));
    expect(signal.confidence).toBeLessThan(0.5);
    // A flood in the midst of the crowd is none.
    const flood = [{ ...crowd, flows: 9000 }, both(crowd)[1]];
    for (let i = 0; i < 3; i++) quiet.pass(...flood);
    expect(told(quiet.pass(...flood))).toEqual(['vm0 inbound flowsPerS']);
  });

  it('signals what grows alike, and is answered by nothing', () => {
    const { pass } = watched({});
    const answers: Passing = { ...USUAL, direction: 'outbound' };
    for (let i = 0; i < 10; i++) pass(USUAL, answers);
    const flood = { frames: 10_000, flows: 1000 };
    const said = Array.from({ length: 3 }, () => told(pass(flood, answers)).length);
    expect(said).toEqual([0, 0, 1]);
  });

  it('leaves TCP alone that is answered: more clients, or more of one', () => {
    for (const [frames, flows] of [
      [20_000, 2000],
      [20_000, 100],
    ]) {
      const { pass } = watched({});
      for (let i = 0; i < 10; i++) pass(...talk(USUAL));
      for (let i = 0; i < 10; i++) expect(pass(...talk({ frames, flows, frameBytes: 1400 }))).toEqual([]);
    }
  });

  it.each([
    { what: 'segments that are answered by nothing', flood: { tcp: Ack }, answer: { frames: 0 } },
    { what: 'segments that are answered by resets', flood: { tcp: Ack }, answer: { tcp: Rst } },
    { what: 'SYNs that are answered by SYN-ACKs', flood: { tcp: Syn }, answer: { tcp: Syn | Ack } },
    { what: 'datagrams that are answered', flood: { frames: 40_000 }, answer: { frames: 40_000, frameBytes: 100 } },
  ])('signals $what, beside a crowd as well', ({ flood, answer }) => {
    for (const crowd of [USUAL, { frames: 4000, flows: 400 }]) {
      const { pass } = watched({});
      for (let i = 0; i < 10; i++) pass(...talk(USUAL));
      const some = { frames: 20_000, flows: 20_000, frameBytes: 60 };
      const added: Passing[] = [
        { ...some, ...flood },
        { ...some, ...answer, direction: 'outbound' },
      ];
      const said = Array.from({ length: 3 }, () => told(pass(...talk(crowd), ...added)));
      expect(said.slice(0, 2)).toEqual([[], []]);
      expect(said[2].join()).toContain('vm0 inbound');
    }
  });

  it('holds no growth for a crowd with a ratio of 0', () => {
    const { pass } = watched({ answerRatio: 0 });
    for (let i = 0; i < 10; i++) pass(...talk(USUAL));
    const more = talk({ frames: 20_000, flows: 100, frameBytes: 1400 });
    expect([pass(...more).length, pass(...more).length, pass(...more).length]).toEqual([0, 0, 2]);
  });

  it('tells one VM from the other', () => {
    const { pass } = watched({ windows: 1 });
    for (let i = 0; i < 10; i++) pass(USUAL, { ...USUAL, vm: 1 });
    expect(told(pass(USUAL, { ...USUAL, vm: 1, frames: 5000 }))).toEqual(['vm1 inbound bps']);
  });

  it('never signals a VM that stays below the floors, whatever it did before', () => {
    const below = fc.record({
      frames: fc.integer({ min: 0, max: 2000 }),
      frameBytes: fc.integer({ min: 0, max: 1000 }),
      flows: fc.integer({ min: 1, max: 200 }),
    });
    const floors = { floorBps: 16e6, floorFps: 2000, floorFlowsPerS: 500 };
    const law = fc.property(fc.array(below, { minLength: 12, maxLength: 30 }), (windows) => {
      const { pass } = watched({ ...floors, alpha: 0.1, windows: 1, learnWindows: 1, crowds: true });
      for (const passing of windows) expect(pass(passing)).toEqual([]);
    });
    fc.assert(law, { numRuns: 50, seed: 5 });
  });

  it.each([
    { fresh: 1000, frames: 1, former: 1, told: 1 },
    { fresh: 1000, frames: 1, former: 500, told: 1 },
    { fresh: 10_000, frames: 1, former: 500, told: 1 },
    { fresh: 1000, frames: 30, former: 1, told: 1 },
    { fresh: 1000, frames: 4, former: 1, told: 1.94 },
  ])('tells of $fresh new flows of $frames frames beside $former old ones $told times as many', (given) => {
    const { pass } = watched({ windows: 1, learnWindows: 1, floorBps: 1e12, floorFps: 1e12, crowds: true });
    const before = { frames: 30 * given.former, flows: given.former, firstFlow: 0 };
    const after = { frames: given.frames * given.fresh, flows: given.fresh, firstFlow: given.former };
    pass();
    pass(before);
    const [signal] = pass(before, after);
    expect(Math.abs(Number(signal.evidence.rate) / given.fresh / given.told - 1)).toBeLessThan(0.1);
  });

  it('counts no more flows than its bitmaps can tell apart', () => {
    expect(newFlows(1024, 0, 0)).toBeCloseTo(31_940.2, 1);
    expect([newFlows(0, 0, 0), newFlows(0, 0, 1024), newFlows(5, 0, 1024)]).toEqual([0, 0, 0]);
  });
});
