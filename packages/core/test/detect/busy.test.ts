import type { ObservedBatch } from '@fairlead/sdk';
import { afterEach, describe, expect, it } from 'vitest';
import type { Host } from '../../src/host.ts';
import { Slices } from '../../src/path/slices.ts';
import { detector } from '../given/detectors.ts';
import { frame, macOf } from '../given/frames.ts';
import { guestOf, inlineHost, nicOf } from '../given/inline-host.ts';

let host: Host | undefined;
afterEach(async () => {
  await host?.close();
  host = undefined;
});

type Run = Pick<ObservedBatch, 'vm' | 'direction' | 'nowUs' | 'count' | 'bytes' | 'weight' | 'sinceUs' | 'untilUs'>;

const ROUND_US = 100_000;
const OBSERVE = { everyFrameBelowFps: 10_000, oneSliceIn: 4, sliceMs: 25 };

function watcher() {
  const runs: Run[] = [];
  const observe = ({ vm, direction, nowUs, count, bytes, weight, sinceUs, untilUs }: ObservedBatch): undefined => {
    runs.push({ vm, direction, nowUs, count, bytes, weight, sinceUs, untilUs });
  };
  return { plugin: detector('watcher', { observe }), runs };
}

/** A host of whose worker the detector is shown a slice of 25 ms in four, once 10,000 frames pass in a second. */
async function watchedHost(seed = 1, observe: object = OBSERVE) {
  const { plugin, runs } = watcher();
  const detectors = [{ use: 'watcher', windowMs: 100 }];
  host = await inlineHost({ seed, observe, detectors, memory: { poolFrames: 4096 } }, [plugin]);
  return { host, runs };
}

/** VM 0 sends and VM 1 is sent so many frames in every millisecond. */
function pass(running: Host, ms: number, perMs: number): void {
  const out = frame({ from: macOf(0), bytes: 100 });
  const into = frame({ from: '06:00:00:00:00:01', to: macOf(1), bytes: 200 });
  for (let i = 0; i < ms; i++) {
    for (let n = 0; n < perMs; n++) {
      guestOf(running, 'vm0').send(out);
      nicOf(running, 'nic0').deliver(into);
    }
    running.run(1000);
  }
}

const weighed = (runs: readonly Run[], direction: Run['direction']): number =>
  runs.reduce((sum, run) => sum + (run.direction === direction ? run.count * run.weight : 0), 0);

describe('a worker with few frames', () => {
  it('shows every frame, and each stands for itself', async () => {
    const { host, runs } = await watchedHost();
    pass(host, 1000, 4); // 8,000 a second, both ways together
    expect([weighed(runs, 'outbound'), weighed(runs, 'inbound')]).toEqual([4000, 4000]);
    expect(new Set(runs.map(({ weight, untilUs }) => `${weight} ${untilUs}`))).toEqual(new Set(['1 Infinity']));
    host.assertConserved();
  });
});

describe('a busy worker', () => {
  it('shows a slice of each round, whose frames stand for the others, within three standard errors', async () => {
    const { host, runs } = await watchedHost();
    pass(host, 100, 20); // the first round is shown whole
    expect(weighed(runs, 'outbound')).toBe(2000);
    runs.length = 0;
    // A guest that sends in bursts of 10 ms, which no slice holds an even part of: 40 rounds of 1000 frames.
    for (let round = 0; round < 40; round++) {
      pass(host, 10, 100);
      pass(host, 90, 0);
    }
    // A round counts as 4000 or as none, as likely as 1 to 3: √3 times 1000 is the deviation of a round.
    for (const direction of ['outbound', 'inbound'] as const) {
      const most = 3 * Math.sqrt(3 * 40) * 1000;
      expect(Math.abs(weighed(runs, direction) - 40_000)).toBeLessThan(most);
      expect(weighed(runs, direction)).toBeGreaterThan(0);
    }
    host.assertConserved();
  });

  it('counts an even stream right in each round', async () => {
    const { host, runs } = await watchedHost();
    pass(host, 1100, 20);
    const rounds = new Map<number, number>();
    for (const { direction, nowUs, count, weight } of runs) {
      if (direction !== 'outbound') continue;
      const round = Math.floor(nowUs / ROUND_US);
      rounds.set(round, (rounds.get(round) ?? 0) + count * weight);
    }
    for (let round = 1; round < 11; round++) {
      // A slice has the frames of 25 ms, give or take those of the millisecond that it begins and ends in.
      expect(Math.abs((rounds.get(round) ?? 0) - 2000)).toBeLessThanOrEqual(160);
    }
    host.assertConserved();
  });

  it('calls no detector beyond the slice, and says when it began and ends', async () => {
    const { host, runs } = await watchedHost();
    pass(host, 2100, 20);
    const sliced = runs.filter(({ weight }) => weight === 4);
    expect(runs.filter(({ weight }) => weight === 1).every(({ nowUs }) => nowUs < ROUND_US)).toBe(true);
    const slices = new Map<number, Set<number>>();
    for (const { nowUs, sinceUs, untilUs } of sliced) {
      expect(untilUs - sinceUs).toBe(25_000);
      expect(nowUs >= sinceUs && nowUs < untilUs).toBe(true);
      const round = Math.floor(sinceUs / ROUND_US);
      slices.set(round, (slices.get(round) ?? new Set()).add((sinceUs % ROUND_US) / 25_000));
    }
    expect([...slices.values()].every((drawn) => drawn.size === 1)).toBe(true);
    expect(slices.size).toBe(20);
    expect(new Set([...slices.values()].flatMap((drawn) => [...drawn]))).toEqual(new Set([0, 1, 2, 3]));
    expect(host.arena.vms.acceptedFrames[0]).toBe(42_000);
    host.assertConserved();
  });

  it('shows every frame again once few pass', async () => {
    const { host, runs } = await watchedHost();
    pass(host, 300, 20);
    pass(host, 100, 1);
    runs.length = 0;
    pass(host, 200, 1);
    expect(weighed(runs, 'outbound')).toBe(200);
    expect(runs.every(({ weight }) => weight === 1)).toBe(true);
  });

  it('draws the same slices from the same seed, and others from another', async () => {
    const shown: string[] = [];
    for (const seed of [3, 3, 4]) {
      const { host, runs } = await watchedHost(seed);
      pass(host, 1000, 12);
      shown.push(JSON.stringify(runs));
      await host.close();
    }
    expect(shown[0]).toBe(shown[1]);
    expect(shown[0]).not.toBe(shown[2]);
  });

  it('shows every frame when one slice in one is to be shown', async () => {
    const { host, runs } = await watchedHost(1, { ...OBSERVE, oneSliceIn: 1 });
    pass(host, 500, 20);
    expect([weighed(runs, 'outbound'), weighed(runs, 'inbound')]).toEqual([10_000, 10_000]);
  });
});

describe('slices', () => {
  it('are as many to a window as fit, and begin with it', () => {
    const slices = new Slices({ everyFrameBelowFps: 0, oneSliceIn: 4, sliceMs: 250 }, 300_000, 1, 1000);
    slices.passed = 1;
    slices.turn(slices.endsUs);
    expect([slices.weight, slices.untilUs - slices.sinceUs]).toEqual([4, 75_000]);
    expect((slices.sinceUs - 1000) % 75_000).toBe(0);
  });

  it('of rounds that a loop slept through are left out', () => {
    const slices = new Slices({ everyFrameBelowFps: 10, oneSliceIn: 2, sliceMs: 1 }, 2000, 1, 0);
    slices.passed = 100;
    slices.turn(2000);
    expect(slices.weight).toBe(2);
    slices.passed = 100;
    slices.turn(20_000_500); // 5 in a second
    expect([slices.on, slices.weight, slices.endsUs]).toEqual([true, 1, 20_002_000]);
  });
});
