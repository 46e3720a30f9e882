import type { Random } from '../../clock.ts';
import type { Detector } from '../../points/detector.ts';
import { type Candidate, candidateLaw, type Make } from './candidate.ts';
import { drawInt, drawList, drawOne } from './draw.ts';
import type { Law } from './law.ts';
import { emptyBatch, fillObserved } from './observe-course.ts';
import { kitParts } from './parts.ts';
import type { FrameSort } from './test-frame.ts';

/** From one judgement to the next: one round of slices. */
const WINDOW_US = 100_000;
/** Enough to know what is usual, and then to see that something goes on. */
const USUAL_WINDOWS = 12;
const FLOOD_WINDOWS = 4;
const USUAL = { sort: 'data', senders: 8, batches: 64, frames: 4, bytes: 60 } as const;

/** Batches spread evenly over each window. */
interface Rate {
  readonly sort: FrameSort;
  /** Frames are from so many by turns; undefined: each from another one. */
  readonly senders: number | undefined;
  /** In a window; in each slice, and in each half of one, there are as many. */
  readonly batches: number;
  /** Frames of each batch. */
  readonly frames: number;
  readonly bytes: number;
}

interface SlicedFlood {
  readonly direction: 'inbound' | 'outbound';
  readonly flood: Rate;
  readonly slices: number;
  /** Which slice of each window is shown. */
  readonly shown: readonly number[];
}

/**
 * That a detector takes each frame it is shown for as many as the weight says. A busy worker shows one slice of time in
 * so many; of a flood of some size the detector says what it says when all frames are shown of one between half that size
 * and twice:
 *
 * ```
 *   raised of half the frames, all shown  ⊆  raised of slices  ⊆  raised of twice the frames, all shown
 * ```
 *
 * The first of that is asked where few send, all of whom are in each slice: how many different ones there were beyond
 * that, no weight tells. And it is asked of a detector that reads the weight: one that judges by shares needs none, and one
 * that was written before there were slices knows of none.
 */
export function slicesLaw(candidate: Candidate<Detector>): Law {
  return candidateLaw<Detector, SlicedFlood>(candidate, {
    name: 'says of slices of time what it says of all frames, to a factor of two',
    rounds: 25,
    draw: drawFlood,
    fault,
    *simpler(scenario) {
      const { direction, flood, slices, shown } = scenario;
      if (flood.frames > 2) yield { ...scenario, flood: { ...flood, frames: flood.frames / 2 } };
      if (flood.batches > 16) yield { ...scenario, flood: { ...flood, batches: flood.batches / 2 } };
      if (direction === 'outbound') yield { ...scenario, direction: 'inbound' };
      if (slices > 4) yield { ...scenario, slices: 4, shown: shown.map((slice) => slice & 3) };
      if (shown.some((slice) => slice > 0)) yield { ...scenario, shown: shown.map(() => 0) };
    },
    tell: ({ direction, flood, slices, shown }) =>
      [
        `  windows of ${WINDOW_US} us, ${direction}, of vm0; of ${slices} slices are shown ${shown.join(' ')}`,
        `  ${USUAL_WINDOWS} windows of ${tellRate(USUAL)}`,
        `  ${FLOOD_WINDOWS} windows of ${tellRate(flood)} as well`,
      ].join('\n'),
  });
}

function tellRate({ sort, senders, batches, frames, bytes }: Rate): string {
  const from = senders === undefined ? 'each from another sender' : `from ${senders} senders`;
  return `${batches} times ${frames} ${sort} frames of ${bytes} bytes, ${from}`;
}

function drawFlood(random: Random): SlicedFlood {
  const slices = drawOne(random, [4, 8]);
  const sort = drawOne(random, ['data', 'udp', 'udp', 'syn'] as const);
  return {
    direction: drawOne(random, ['inbound', 'outbound'] as const),
    flood: {
      sort,
      senders: sort === 'syn' ? undefined : drawOne(random, [1, 8]),
      batches: drawOne(random, [16, 64, 256]),
      frames: 2 ** drawInt(random, 1, sort === 'syn' ? 4 : 7),
      bytes: drawOne(random, [60, 590, 1514]),
    },
    slices,
    shown: drawList(random, USUAL_WINDOWS + FLOOD_WINDOWS, () => drawInt(random, 0, slices - 1)),
  };
}

function fault(make: Make<Detector>, scenario: SlicedFlood): string | undefined {
  const { flood } = scenario;
  const times = (factor: number): SlicedFlood => ({
    ...scenario,
    flood: { ...flood, frames: flood.frames * factor },
    slices: 1,
  });
  const { said, readsWeight } = raised(make, scenario);
  const extra = beyond(said, raised(make, times(2)).said);
  if (extra !== undefined) return `of slices it raised ${extra}, and not when all of twice as many frames were shown`;
  if (flood.senders === undefined || !readsWeight) return undefined;
  const missed = beyond(raised(make, times(0.5)).said, said);
  return missed && `when all of half as many frames were shown it raised ${missed}, and not of slices`;
}

function beyond(some: ReadonlySet<string>, others: ReadonlySet<string>): string | undefined {
  return [...some].find((signal) => !others.has(signal));
}

/** What a detector raises, as kinds and VMs; and whether it has looked how much a frame counts for. */
function raised(
  make: Make<Detector>,
  { direction, flood, slices, shown }: SlicedFlood,
): { said: ReadonlySet<string>; readsWeight: boolean } {
  const parts = kitParts([1e9, 1e9], [{}]);
  const detector = make(parts);
  const said = new Set<string>();
  let readsWeight = false;
  const weight = {
    get(): number {
      readsWeight = true;
      return slices;
    },
  };
  for (const [window, slice] of shown.entries()) {
    const fromUs = parts.clock.nowUs();
    const sliceUs = WINDOW_US / slices;
    const sinceUs = slices === 1 ? 0 : fromUs + slice * sliceUs;
    const untilUs = slices === 1 ? Number.POSITIVE_INFINITY : sinceUs + sliceUs;
    const passes = ({ sort, senders, batches, frames, bytes }: Rate, first: number): [number, () => void][] => {
      const batch = Object.defineProperty(emptyBatch(frames), 'weight', weight);
      return Array.from({ length: batches }, (_, i) => {
        const nowUs = fromUs + ((i + 0.5) * WINDOW_US) / batches;
        const show = (): void => {
          const source = (k: number) => first + (senders === undefined ? i * frames + k : (i * frames + k) % senders);
          const sketches = Array.from({ length: frames }, (_, k) => ({ sort, bytes, source: source(k) }));
          fillObserved(batch, sketches, nowUs);
          Object.assign(batch, { direction, sinceUs, untilUs });
          detector.observe(batch);
        };
        return [nowUs, show];
      });
    };
    const due = passes(USUAL, 0);
    if (window >= USUAL_WINDOWS) due.push(...passes(flood, 1000 + window * 100_000));
    for (const [nowUs, show] of due.sort(([a], [b]) => a - b)) {
      if (nowUs < sinceUs || nowUs >= untilUs) continue;
      parts.clock.advance(nowUs - parts.clock.nowUs());
      show();
    }
    parts.clock.advance(fromUs + WINDOW_US - parts.clock.nowUs());
    for (const { kind, vm } of detector.judge(parts.clock.nowUs())) said.add(`${kind} of VM ${vm}`);
  }
  return { said, readsWeight };
}
