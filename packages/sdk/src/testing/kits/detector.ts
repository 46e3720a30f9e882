import type { PluginDefinition } from '../../plugin.ts';
import type { Detector, ObservedBatch } from '../../points/detector.ts';
import type { ConformanceGiven } from '../conformance-laws.ts';
import { type Candidate, candidateFrom, candidateLaw, type Make, startsLaw } from './candidate.ts';
import {
  type Begin,
  HOST,
  type InstanceLaw,
  instanceLaws,
  REPEATS,
  repeatsItself,
  runAll,
  stateLaws,
} from './course.ts';
import { type Law, presupposing } from './law.ts';
import {
  judgesWellFormed,
  justJudge,
  justObserve,
  type LookAtJudge,
  type LookAtObserve,
  ObserveCourse,
} from './observe-course.ts';
import {
  ANY_COUNT,
  BUSY,
  drawObserve,
  FLOOD,
  LEAPING,
  NOISE,
  type ObserveBounds,
  type ObserveScenario,
  QUIET,
  simplerObserve,
  tellObserve,
} from './observe-scenario.ts';
import { tablesWritten } from './parts.ts';
import { slicesLaw } from './slices.ts';
import { stateGrowthLaw } from './state-growth.ts';

/** The laws of a plugin, over its options. */
export function detectorKit(plugin: PluginDefinition<'detector'>, { options }: ConformanceGiven): readonly Law[] {
  const candidate = candidateFrom(plugin, options);
  // What is quiet, and how much is kept, is a matter of the options: at a bound a single frame may be a flood.
  const plain = { ...candidate, optionSets: candidate.optionSets.slice(0, 1) };
  const wellFormed = looking(candidate, 'raises well-formed signals', FLOOD, justObserve, judgesWellFormed);
  const anyCount = looking(candidate, 'observes bursts of 1 to 256 frames', ANY_COUNT, justObserve, judgesWellFormed);
  const repeats = aboutInstances(candidate)({ name: REPEATS, fault: repeatsItself });
  return [
    startsLaw(plugin, options),
    wellFormed,
    looking(candidate, 'observes at once, and answers undefined', BUSY, answersUndefined),
    looking(candidate, 'leaves the frames as they are', BUSY, leavesFrames),
    looking(candidate, 'leaves the tables to their writers', BUSY, leavesTables, (_nowUs, judge, parts) => {
      const written = tablesWritten(parts);
      judge();
      return written();
    }),
    ...presupposing(wellFormed, [
      looking(candidate, 'survives any frame of 0 to 2048 bytes', NOISE, justObserve, judgesWellFormed),
      anyCount,
      looking(candidate, 'takes a clock that stands still or leaps by hours', LEAPING, justObserve, judgesWellFormed),
      looking(plain, 'raises nothing while all is quiet', QUIET, justObserve, (_nowUs, judge) => {
        const signals = judge();
        return signals.length === 0 ? undefined : `it raised ${JSON.stringify(signals[0])}`;
      }),
    ]),
    ...presupposing(anyCount, [slicesLaw(plain), stateGrowthLaw(plain)]),
    repeats,
    ...presupposing(repeats, instanceLaws<Detector, ObserveScenario>().map(aboutInstances(candidate))),
    ...presupposing(wellFormed, stateLaws<Detector, ObserveScenario>(candidate.name).map(aboutInstances(candidate))),
  ];
}

function looking(
  candidate: Candidate<Detector>,
  name: string,
  bounds: ObserveBounds,
  lookAtObserve: LookAtObserve,
  lookAtJudge: LookAtJudge = justJudge,
): Law {
  return observeLaw(candidate, name, bounds, (make, scenario) =>
    runAll([new ObserveCourse(make, scenario, HOST, lookAtObserve, lookAtJudge)]),
  );
}

function observeLaw(
  candidate: Candidate<Detector>,
  name: string,
  bounds: ObserveBounds,
  fault: (make: Make<Detector>, scenario: ObserveScenario) => string | undefined,
): Law {
  return candidateLaw(candidate, {
    name,
    // A scenario is thousands of frames; other kinds have a few dozen.
    rounds: 25,
    draw: (random) => drawObserve(random, bounds),
    fault,
    simpler: simplerObserve,
    tell: tellObserve,
  });
}

const begin: Begin<Detector, ObserveScenario> = (make, scenario, treatment) =>
  new ObserveCourse(make, scenario, treatment, justObserve, judgesWellFormed);

function aboutInstances(candidate: Candidate<Detector>): (law: InstanceLaw<Detector, ObserveScenario>) => Law {
  // Enough for a detector to have something to say, for its answers are all that is compared.
  return ({ name, fault }) => observeLaw(candidate, name, FLOOD, (make, scenario) => fault(begin, make, scenario));
}

const answersUndefined: LookAtObserve = (_batch, observe) => {
  const answer = observe();
  return answer === undefined ? undefined : `its observe returned ${String(answer)}`;
};

const leavesTables: LookAtObserve = (_batch, observe, parts) => {
  const written = tablesWritten(parts);
  observe();
  return written();
};

const leavesFrames: LookAtObserve = (batch, observe) => {
  const before = factsOf(batch);
  const columns = columnsOf(batch);
  const copies = columns.map(([, column]) => column.slice());
  observe();
  const after = factsOf(batch);
  for (const [part, value] of Object.entries(before)) {
    if (value !== after[part]) return `it set ${part} to ${String(after[part])}`;
  }
  for (const [k, [name, column]] of columns.entries()) {
    const i = column.findIndex((element, at) => element !== copies[k][at]);
    if (i >= 0) return `it wrote ${name}[${i}]`;
  }
  return undefined;
};

function factsOf({ vm, direction, nowUs, count, bytes, frames }: ObservedBatch): Record<string, unknown> {
  return {
    'batch.vm': vm,
    'batch.direction': direction,
    'batch.nowUs': nowUs,
    'batch.count': count,
    'batch.bytes': bytes,
    'frames.count': frames.count,
    'frames.nowUs': frames.nowUs,
    'frames.failures': frames.failures,
  };
}

function columnsOf({ frames, headers }: ObservedBatch): [name: string, column: Uint8Array | Int32Array][] {
  return [
    ['frames.memory', frames.memory],
    ['frames.offset', frames.offset],
    ['frames.bytes', frames.bytes],
    ['frames.failed', frames.failed],
    ...Object.entries(headers).map(([name, column]): [string, Uint8Array | Int32Array] => [`headers.${name}`, column]),
  ];
}
