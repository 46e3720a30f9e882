import { MAX_BATCH } from '../../batch.ts';
import { MAX_NICS } from '../../nic-table.ts';
import type { PluginDefinition } from '../../plugin.ts';
import type { LoadDistribution } from '../../points/load-distribution.ts';
import type { ConformanceGiven } from '../conformance-laws.ts';
import { HOUR_US } from './admission-scenario.ts';
import { watchBatch } from './batch-watch.ts';
import { type Candidate, candidateFrom, candidateLaw, candidateOf, type Make, startsLaw } from './candidate.ts';
import {
  answersOf,
  type Begin,
  difference,
  HOST,
  instanceLaws,
  REPEATS,
  repeatsItself,
  runAll,
  stateLaws,
} from './course.ts';
import { EXPLAINS, faultOfExplaining } from './explains.ts';
import { type Law, presupposing } from './law.ts';
import { type KitParts, tablesWritten } from './parts.ts';
import { answersAvailable, type LookAtSelect, SelectCourse } from './select-course.ts';
import {
  drawSelect,
  type SelectBounds,
  type SelectScenario,
  simplerSelect,
  tellSelect,
  USUAL,
} from './select-scenario.ts';

/**
 * Makes a load distribution from what a host would give it.
 *
 * @example
 * ```ts
 * import type { MakeLoadDistribution } from '@fairlead/sdk/testing';
 *
 * const first: MakeLoadDistribution = ({ nics }) => ({
 *   select: (batch) => void batch.nic.fill(nics.available[0], 0, batch.count),
 * });
 * ```
 */
export type MakeLoadDistribution = (parts: KitParts) => LoadDistribution;

const LEAVING: SelectBounds = { ...USUAL, leaving: true };

/**
 * What every load distribution does, as laws for any test framework, for one that is made by hand: `make` is called
 * anew for every scenario, and what it makes gets nothing but `parts`. For a plugin, `conformanceLaws` tries its options
 * as well.
 *
 * @example
 * ```ts
 * import { test } from 'node:test';
 * import { loadDistributionLaws } from '@fairlead/sdk/testing';
 *
 * const laws = loadDistributionLaws(({ nics }) => ({
 *   select: (batch) => void batch.nic.fill(nics.available[0], 0, batch.count),
 * }));
 * for (const { name, check } of laws) test(`first-available ${name}`, () => check());
 * ```
 */
export function loadDistributionLaws(make: MakeLoadDistribution): readonly Law[] {
  return lawsOf(candidateOf(make));
}

/** The laws of a plugin, over its options. */
export function loadDistributionKit(
  plugin: PluginDefinition<'load-distribution'>,
  { options }: ConformanceGiven,
): readonly Law[] {
  return [startsLaw(plugin, options), ...lawsOf(candidateFrom(plugin, options))];
}

/** What lies around a frame in the pool is other VMs', and changes nothing. */
function readsFramesAlone(make: Make<LoadDistribution>, scenario: SelectScenario): string | undefined {
  if (scenario.between === undefined) return undefined;
  const courses = [0, 0xff].map((between) => new SelectCourse(make, { ...scenario, between }, HOST));
  const what = runAll(courses);
  if (what !== undefined) return what;
  const [zeros, ones] = courses.map(({ answers }) => answers);
  const differing = zeros.findIndex((answer, i) => answer !== ones[i]);
  if (differing < 0) return undefined;
  return `answer ${differing} was to ${zeros[differing]}; to ${ones[differing]} with other bytes around the frames`;
}

function lawsOf(candidate: Candidate<LoadDistribution>): readonly Law[] {
  const onEveryScenario = (
    name: string,
    fault: (make: Make<LoadDistribution>, scenario: SelectScenario) => string | undefined,
    bounds: SelectBounds = LEAVING,
  ): Law =>
    candidateLaw(candidate, {
      name,
      draw: (random) => drawSelect(random, { ...bounds, headers: candidate.headers }),
      fault,
      simpler: simplerSelect,
      tell: tellSelect,
    });

  const onEveryBatch = (name: string, look: LookAtSelect, bounds: SelectBounds = LEAVING): Law =>
    onEveryScenario(name, (make, scenario) => runAll([new SelectCourse(make, scenario, HOST, look)]), bounds);

  const begin: Begin<LoadDistribution, SelectScenario> = (...how) => new SelectCourse(...how);
  const names = onEveryBatch('names an available NIC for every frame', answersAvailable, USUAL);
  const goesOn = onEveryBatch('goes on over the NICs that are left when some leave and return', answersAvailable);
  const repeats = onEveryScenario(REPEATS, (make, scenario) => repeatsItself(begin, make, scenario));

  return [
    names,
    ...presupposing(names, [
      goesOn,
      onEveryBatch('goes on when the speed of a NIC changes', answersAvailable, { ...USUAL, speeding: true }),
      onEveryBatch('goes on when the clock stands still or leaps by hours', answersAvailable, {
        ...USUAL,
        afterUs: [0, 0, 10, HOUR_US, 5 * HOUR_US],
      }),
      onEveryBatch('serves 1 to 32 NICs and 1 to 256 frames of any length', answersAvailable, {
        ...USUAL,
        nicCounts: [1, 2, 31, MAX_NICS],
        frameCounts: [1, 2, 255, MAX_BATCH],
        frameBytes: [0, 14, 60, 1518, 9018],
      }),
    ]),
    onEveryBatch('answers undefined, at once', (_batch, select) => {
      const answer = select();
      return answer === undefined ? undefined : `it returned ${String(answer)}`;
    }),
    onEveryBatch('writes nothing behind the last frame', (batch, select) => {
      const { count } = batch;
      select();
      const end = batch.nic.findIndex((nic, i) => i >= count && nic !== -1);
      return end < 0 ? undefined : `it wrote batch.nic[${end}], but the batch has ${count} frames`;
    }),
    onEveryBatch('writes nothing of the batch but the NIC', (batch, select) => {
      const written = watchBatch(batch, ['nic']);
      select();
      const part = written();
      return part === undefined ? undefined : `it wrote ${part}`;
    }),
    onEveryScenario('reads nothing around the frames', readsFramesAlone),
    onEveryBatch('leaves the tables to their writers', (_batch, select, parts) => {
      const written = tablesWritten(parts);
      select();
      return written();
    }),
    repeats,
    ...presupposing(repeats, [
      ...instanceLaws<LoadDistribution, SelectScenario>().map(({ name, fault }) =>
        onEveryScenario(name, (make, scenario) => fault(begin, make, scenario)),
      ),
      onEveryScenario(EXPLAINS, (make, scenario) => {
        const silent = answersOf(begin, make, scenario);
        const course: SelectCourse = new SelectCourse(make, scenario, HOST, (batch, select, parts) => {
          select();
          return faultOfExplaining(course.plugin, batch, parts);
        });
        return runAll([course]) ?? difference(silent, course.answers, 'when it had explained');
      }),
    ]),
    ...presupposing(
      goesOn,
      stateLaws<LoadDistribution, SelectScenario>(candidate.name).map(({ name, fault }) =>
        onEveryScenario(name, (make, scenario) => fault(begin, make, scenario)),
      ),
    ),
  ];
}
