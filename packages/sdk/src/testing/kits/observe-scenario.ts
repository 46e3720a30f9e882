import type { Random } from '../../clock.ts';
import type { ObservedBatch } from '../../points/detector.ts';
import { HOUR_US } from './admission-scenario.ts';
import { drawInt, drawList, drawOne } from './draw.ts';
import { shorter, withAt } from './shrink.ts';
import type { FrameSketch, FrameSort } from './test-frame.ts';

/** A run of equal frames of one VM, each from the next of many sources. */
interface Passing {
  readonly vm: number;
  readonly direction: ObservedBatch['direction'];
  readonly sort: FrameSort;
  readonly count: number;
  readonly bytes: number;
  readonly firstSource: number;
}

/** Something passes, or (without `passing`) the detector is asked to judge. */
interface ObserveStep {
  readonly afterUs: number;
  readonly passing?: Passing;
}

export interface ObserveScenario {
  readonly vmCount: number;
  readonly steps: readonly ObserveStep[];
}

export interface ObserveBounds {
  readonly sorts: readonly FrameSort[];
  readonly counts: readonly number[];
  readonly bytes: readonly number[];
  readonly afterUs: readonly number[];
  /** Batches between one judgement and the next, at most. */
  readonly batches: number;
  readonly windows: number;
}

export const BUSY: ObserveBounds = {
  sorts: ['arp', 'data', 'syn', 'udp'],
  counts: [1, 3, 32],
  bytes: [60, 64, 590, 1514],
  afterUs: [10, 1000],
  batches: 6,
  windows: 3,
};
/** Many frames of one sort at once: what a detector is there for. */
export const FLOOD: ObserveBounds = { ...BUSY, counts: [128, 200], bytes: [60, 64], afterUs: [1, 10], batches: 12 };
/** Two frames for each VM at most. */
export const QUIET: ObserveBounds = { ...BUSY, sorts: ['arp', 'data'], counts: [1], batches: 2, windows: 1 };
export const NOISE: ObserveBounds = {
  ...BUSY,
  sorts: ['noise', 'noise', 'data', 'udp'],
  bytes: [0, 1, 13, 14, 15, 33, 34, 53, 1518, 2047, 2048],
};
export const ANY_COUNT: ObserveBounds = { ...BUSY, counts: [1, 2, 255, 256] };
export const LEAPING: ObserveBounds = { ...BUSY, afterUs: [0, 0, 10, HOUR_US, 5 * HOUR_US] };

/** From one judgement to the next, unless the clock is what is tried. */
const WINDOW_US = 100_000;

export function drawObserve(random: Random, bounds: ObserveBounds): ObserveScenario {
  const vmCount = drawInt(random, 1, 4);
  const leaping = bounds.afterUs.includes(0);
  const steps: ObserveStep[] = [];
  for (let windows = drawInt(random, 1, bounds.windows); windows > 0; windows--) {
    const sort = drawOne(random, bounds.sorts);
    const batches = drawInt(random, 0, bounds.batches);
    steps.push(
      ...drawList(random, batches, () => ({
        afterUs: drawOne(random, bounds.afterUs),
        passing: {
          vm: drawInt(random, 0, vmCount - 1),
          direction: drawOne(random, ['inbound', 'outbound'] as const),
          sort: bounds === NOISE ? drawOne(random, bounds.sorts) : sort,
          count: drawOne(random, bounds.counts),
          bytes: drawOne(random, bounds.bytes),
          firstSource: drawInt(random, 0, 0xffff),
        },
      })),
      { afterUs: leaping ? drawOne(random, bounds.afterUs) : WINDOW_US },
    );
  }
  return { vmCount, steps };
}

export function* simplerObserve(scenario: ObserveScenario): Iterable<ObserveScenario> {
  const { vmCount, steps } = scenario;
  for (const fewer of shorter(steps, 1)) yield { ...scenario, steps: fewer };
  if (vmCount > 1 && steps.every(({ passing }) => (passing?.vm ?? 0) < vmCount - 1)) {
    yield { ...scenario, vmCount: vmCount - 1 };
  }
  for (const [i, { afterUs, passing }] of steps.entries()) {
    if (passing === undefined) continue;
    const { vm, direction, sort, count, bytes } = passing;
    const replaced = (change: Partial<Passing>): ObserveScenario => ({
      ...scenario,
      steps: withAt(steps, i, { afterUs, passing: { ...passing, ...change } }),
    });
    if (vm > 0) yield replaced({ vm: 0 });
    if (count > 1) yield replaced({ count: count >> 1 });
    if (count > 1) yield replaced({ count: count - 1 });
    if (direction === 'inbound') yield replaced({ direction: 'outbound' });
    if (bytes > 64) yield replaced({ bytes: 64 });
    if (sort !== 'data' && sort !== 'noise') yield replaced({ sort: 'data' });
  }
}

/** The frames of a run, one from each of as many sources. */
export function framesOf({ sort, bytes, count, firstSource }: Passing): FrameSketch[] {
  return Array.from({ length: count }, (_, i) => ({ sort, bytes, source: firstSource + i }));
}

export function tellObserve({ vmCount, steps }: ObserveScenario): string {
  let nowUs = 0;
  const lines = steps.map(({ afterUs, passing }, i) => {
    nowUs += afterUs;
    if (passing === undefined) return `  step ${i}: at ${nowUs} us it judges`;
    const { vm, direction, sort, count, bytes, firstSource } = passing;
    return `  step ${i}: at ${nowUs} us ${count} ${sort} frames of ${bytes} bytes, ${direction}, of vm${vm}, sources from ${firstSource}`;
  });
  return [`  ${vmCount} VMs`, ...lines].join('\n');
}
