import { MAX_BATCH, TransmitBatch } from '../../batch.ts';
import type { PluginDefinition } from '../../plugin.ts';
import type { AdmissionPolicy } from '../../points/admission-policy.ts';
import type { ConformanceGiven } from '../conformance-laws.ts';
import { AdmissionCourse, answersWellFormed, type LookAtAdmission, tellDecision } from './admission-course.ts';
import {
  type AdmissionBounds,
  type AdmissionScenario,
  drawAdmission,
  HOUR_US,
  LIMITED,
  simplerAdmission,
  tellAdmission,
} from './admission-scenario.ts';
import { faultOfArriving } from './arrival.ts';
import { layOutHeaders } from './batch-frames.ts';
import { fillBatch, watchBatch } from './batch-watch.ts';
import { type Candidate, candidateFrom, candidateLaw, candidateOf, type Make, startsLaw } from './candidate.ts';
import {
  answersOf,
  type Begin,
  difference,
  HOST,
  type InstanceLaw,
  instanceLaws,
  REPEATS,
  repeatsItself,
  runAll,
  stateLaws,
} from './course.ts';
import { EXPLAINS, faultOfExplaining } from './explains.ts';
import { type Law, presupposing } from './law.ts';
import { type KitParts, kitParts, tablesWritten } from './parts.ts';

/**
 * Makes an admission policy from what a host would give it.
 *
 * @example
 * ```ts
 * import type { MakeAdmission } from '@fairlead/sdk/testing';
 *
 * const admitAll: MakeAdmission = () => ({ admit: () => undefined });
 * ```
 */
export type MakeAdmission = (parts: KitParts) => AdmissionPolicy;

/**
 * What the kit of an admission policy may be given.
 *
 * @example
 * ```ts
 * import shapingFilter from '@fairlead/admission-shaping-filter';
 * import { type AdmissionGiven, conformanceLaws } from '@fairlead/sdk/testing';
 *
 * const given: AdmissionGiven = { options: [{ averageBps: '5Mbps' }], ownLimit: true };
 * console.log(conformanceLaws(shapingFilter, given).length);
 * ```
 */
export interface AdmissionGiven extends ConformanceGiven {
  /**
   * True for a policy that, with some of its options, holds VMs to limits that are not in their rows, or that refuses
   * frames for good: the laws about when every frame is decided upon are left out.
   */
  readonly ownLimit?: boolean;
}

const UNLIMITED: AdmissionBounds = { ...LIMITED, limitsBps: [Number.POSITIVE_INFINITY] };
const ONE_VM: AdmissionBounds = { ...LIMITED, vmCount: [1, 1] };
const LEAPING: AdmissionBounds = { ...LIMITED, sweepsUs: [0, 0, 100, HOUR_US, 5 * HOUR_US] };
const CHANGING: AdmissionBounds = { ...LIMITED, phases: 4 };
const ANY_SIZE: AdmissionBounds = {
  ...LIMITED,
  vmCount: [1, 2],
  batchFrames: [1, 2, MAX_BATCH - 1, MAX_BATCH],
  ringFrames: 2 * MAX_BATCH,
};

/** Times an instance is asked again, at one instant, about what it has just queued. */
const NAGS = 5;
const ASKED_AT_US = [0, 100, 200, 500, 1000, 5000, 20_000];

/** Frames decided upon by the end of each instant when the policy is asked `times` over at each. */
function decidedWhenAsked(make: Make<AdmissionPolicy>, scenario: AdmissionScenario, times: number): number[] {
  const parts = kitParts(scenario.phases[0].speedsBps, scenario.vms);
  const policy = make(parts);
  const batch = new TransmitBatch();
  const ring = [...scenario.rings[0]];
  return ASKED_AT_US.map((nowUs) => {
    parts.clock.advance(nowUs - parts.clock.nowUs());
    for (let ask = 0; ask < times && ring.length > 0; ask++) {
      policy.sweep?.(nowUs);
      fillBatch(batch, 0, ring, nowUs, ring.length);
      if (scenario.headers) layOutHeaders(batch, ring, nowUs, 0);
      policy.admit(batch);
      ring.splice(0, batch.queuedFrom);
    }
    return scenario.rings[0].length - ring.length;
  });
}

/**
 * What every admission policy does, as laws for any test framework, for one that is made by hand: `make` is called anew
 * for every scenario, and what it makes gets nothing but `parts`. A policy that has a limit of its own, apart from the
 * VMs', must be made without. For a plugin, `conformanceLaws` tries its options as well.
 *
 * @example
 * ```ts
 * import { test } from 'node:test';
 * import { admissionLaws } from '@fairlead/sdk/testing';
 *
 * for (const { name, check } of admissionLaws(() => ({ admit: () => undefined }))) test(`admit-all ${name}`, () => check());
 * ```
 */
export function admissionLaws(make: MakeAdmission): readonly Law[] {
  return [...servingLaws(candidateOf(make)), ...answerLaws(candidateOf(make), true)];
}

/** The laws of a plugin, over its options. */
export function admissionKit(
  plugin: PluginDefinition<'admission'>,
  { options, ownLimit = false }: AdmissionGiven,
): readonly Law[] {
  const candidate = candidateFrom(plugin, options);
  return [startsLaw(plugin, options), ...(ownLimit ? [] : servingLaws(candidate)), ...answerLaws(candidate, !ownLimit)];
}

type Fault = (make: Make<AdmissionPolicy>, scenario: AdmissionScenario) => string | undefined;

function scenarioLaw(candidate: Candidate<AdmissionPolicy>, name: string, bounds: AdmissionBounds, fault: Fault): Law {
  return candidateLaw(candidate, {
    name,
    draw: (random) => drawAdmission(random, { ...bounds, headers: candidate.headers }),
    fault,
    simpler: simplerAdmission,
    tell: tellAdmission,
  });
}

const decidesOnAll: Fault = (make, scenario) => {
  const course = new AdmissionCourse(make, scenario, HOST);
  return runAll([course]) ?? course.finish();
};

function decidesLaw(candidate: Candidate<AdmissionPolicy>): Law {
  return scenarioLaw(candidate, 'decides on every frame within four times what the limits take', LIMITED, decidesOnAll);
}

/** That every frame is decided upon, in time, whatever happens. */
function servingLaws(candidate: Candidate<AdmissionPolicy>): readonly Law[] {
  const decides = decidesLaw(candidate);
  return [
    scenarioLaw(candidate, 'admits every frame of VMs without a limit', UNLIMITED, (make, scenario) => {
      const course = new AdmissionCourse(make, scenario, HOST);
      runAll([course]);
      const drop = course.decisions.find((decision) => decision.dropped > 0);
      return drop === undefined ? course.finish() : `it chose to ${tellDecision(drop)}`;
    }),
    decides,
    ...presupposing(decides, [
      scenarioLaw(candidate, 'takes a clock that stands still or leaps by hours', LEAPING, decidesOnAll),
      scenarioLaw(candidate, 'goes on when NICs leave, return and change speed', CHANGING, decidesOnAll),
      scenarioLaw(candidate, 'serves batches of 1 to 256 frames', ANY_SIZE, decidesOnAll),
    ]),
  ];
}

/** What it answers, and what it leaves alone. */
function answerLaws(candidate: Candidate<AdmissionPolicy>, finishes: boolean): readonly Law[] {
  const onEveryBatch = (name: string, look: LookAtAdmission): Law =>
    scenarioLaw(candidate, name, LIMITED, (make, scenario) =>
      runAll([new AdmissionCourse(make, scenario, HOST, look)]),
    );
  const begin: Begin<AdmissionPolicy, AdmissionScenario> = (make, scenario, treatment) => {
    const course = new AdmissionCourse(make, scenario, treatment, answersWellFormed);
    return finishes ? course : Object.assign(course, { finish: () => undefined });
  };

  const aboutInstances = ({ name, fault }: InstanceLaw<AdmissionPolicy, AdmissionScenario>): Law =>
    scenarioLaw(candidate, name, CHANGING, (make, scenario) => fault(begin, make, scenario));
  const repeats = aboutInstances({ name: REPEATS, fault: repeatsItself });
  const serves = scenarioLaw(candidate, 'serves', CHANGING, (make, scenario) => {
    const course = begin(make, scenario, HOST);
    return runAll([course]) ?? course.finish();
  });

  return [
    onEveryBatch('answers undefined, at once', (_batch, admit) => {
      const answer = admit();
      return answer === undefined ? undefined : `it returned ${String(answer)}`;
    }),
    onEveryBatch('speaks through queueFrom and drop alone', (batch, admit, parts) => {
      const written = watchBatch(batch, ['verdict', 'reason', 'queuedFrom', 'retryAtUs', 'drops']);
      const what = answersWellFormed(batch, admit, parts);
      const part = written();
      return what ?? (part === undefined ? undefined : `it wrote ${part}`);
    }),
    onEveryBatch('wants to be asked again later, or at the next sweep', (batch, admit) => {
      admit();
      if (batch.queuedFrom === batch.count || batch.retryAtUs === 0) return undefined;
      if (batch.retryAtUs > batch.nowUs && batch.retryAtUs < Number.POSITIVE_INFINITY) return undefined;
      return `it queued frame ${batch.queuedFrom} with retryAtUs ${batch.retryAtUs}`;
    }),
    onEveryBatch('leaves the tables to their writers', (_batch, admit, parts) => {
      const written = tablesWritten(parts);
      admit();
      return written();
    }),
    scenarioLaw(candidate, 'charges nothing for a frame that waits', ONE_VM, (make, scenario) => {
      const once = decidedWhenAsked(make, scenario, 1);
      const often = decidedWhenAsked(make, scenario, 1 + NAGS);
      const i = once.findIndex((frames, k) => frames > often[k]);
      if (i < 0) return undefined;
      return `by ${ASKED_AT_US[i]} us it had let ${once[i]} frames go when asked once, ${often[i]} when asked again and again`;
    }),
    repeats,
    ...presupposing(repeats, [
      scenarioLaw(candidate, 'gives a VM that arrives nothing for it', ONE_VM, faultOfArriving),
      ...instanceLaws<AdmissionPolicy, AdmissionScenario>().map(aboutInstances),
      scenarioLaw(candidate, EXPLAINS, CHANGING, (make, scenario) => {
        const silent = answersOf((...how) => new AdmissionCourse(...how), make, scenario);
        const course: AdmissionCourse = new AdmissionCourse(make, scenario, HOST, (batch, admit, parts) => {
          admit();
          return faultOfExplaining(course.plugin, batch, parts);
        });
        return runAll([course]) ?? difference(silent, course.answers, 'when it had explained');
      }),
    ]),
    ...presupposing(serves, stateLaws<AdmissionPolicy, AdmissionScenario>(candidate.name).map(aboutInstances)),
  ];
}
