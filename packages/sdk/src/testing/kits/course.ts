import type { Lifecycle } from '../../points/lifecycle.ts';
import type { Make } from './candidate.ts';
import type { KitParts } from './parts.ts';

/** One instance on its way through a scenario, step by step. */
export interface Course<P extends Lifecycle> {
  /** The instance; another may take its place between two steps. */
  plugin: P;
  readonly parts: KitParts;
  /** What it answered so far, a line for each answer. */
  readonly answers: readonly string[];
  goesOn(): boolean;
  /** Asks the plugin once more; returns what is wrong with its answer. */
  step(): string | undefined;
  /** What is wrong at the end. */
  finish(): string | undefined;
}

/** How the host treats what it hands to a plugin, once the plugin has answered. */
export interface Treatment {
  /** True: one object is used again and filled with nonsense between calls. False: a new one for every call. */
  readonly reuse: boolean;
}

export const HOST: Treatment = { reuse: true };
const NEW_EACH_TIME: Treatment = { reuse: false };

/** Puts a new instance at the start of a scenario. */
export type Begin<P extends Lifecycle, S> = (make: Make<P>, scenario: S, treatment: Treatment) => Course<P>;

/** Takes courses through their scenario in step with each other, to the first fault. */
export function runAll(courses: readonly Pick<Course<Lifecycle>, 'goesOn' | 'step'>[]): string | undefined {
  let going = courses.filter((course) => course.goesOn());
  while (going.length > 0) {
    for (const course of going) {
      const what = course.step();
      if (what !== undefined) return what;
    }
    going = going.filter((course) => course.goesOn());
  }
  return undefined;
}

/** A law that is told of any kind. */
export interface InstanceLaw<P extends Lifecycle, S> {
  readonly name: string;
  fault(begin: Begin<P, S>, make: Make<P>, scenario: S): string | undefined;
}

/** What an instance answers on its way through a scenario. */
export function answersOf<P extends Lifecycle, S>(
  begin: Begin<P, S>,
  make: Make<P>,
  scenario: S,
  treatment: Treatment = HOST,
): readonly string[] {
  const course = begin(make, scenario, treatment);
  while (course.goesOn()) course.step();
  return course.answers;
}

export function difference(a: readonly string[], b: readonly string[], who: string): string | undefined {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    if (a[i] !== b[i]) return `answer ${i} was to ${a[i] ?? 'end'}; ${who} to ${b[i] ?? 'end'}`;
  }
  return undefined;
}

/** That it answers alike whenever it is asked alike. */
export function repeatsItself<P extends Lifecycle, S>(
  begin: Begin<P, S>,
  make: Make<P>,
  scenario: S,
): string | undefined {
  return difference(answersOf(begin, make, scenario), answersOf(begin, make, scenario), 'when made again');
}

export const REPEATS = 'decides alike whenever it is made again with the same seed';

/** What every plugin of the data path that repeats itself does as an instance among others, whatever its kind. */
export function instanceLaws<P extends Lifecycle, S>(): readonly InstanceLaw<P, S>[] {
  return [
    {
      name: 'keeps nothing of the batch',
      fault: (begin, make, scenario) =>
        difference(
          answersOf(begin, make, scenario),
          answersOf(begin, make, scenario, NEW_EACH_TIME),
          'with a new batch each time, in place of one that is overwritten after every call,',
        ),
    },
    {
      name: 'decides alike in two instances, which share nothing',
      fault(begin, make, scenario) {
        const alone = answersOf(begin, make, scenario);
        const [one, other] = [begin(make, scenario, HOST), begin(make, scenario, HOST)];
        while (one.goesOn() || other.goesOn()) for (const course of [one, other]) if (course.goesOn()) course.step();
        return (
          difference(alone, one.answers, 'beside a second instance') ??
          difference(alone, other.answers, 'as a second instance')
        );
      },
    },
    {
      name: 'leaves nothing behind when it is disposed of',
      fault(begin, make, scenario) {
        const course = begin(make, scenario, HOST);
        while (course.goesOn()) course.step();
        const answer: unknown = course.plugin.dispose?.();
        if (answer !== undefined) return `its dispose returned ${String(answer)}`;
        return difference(course.answers, answersOf(begin, make, scenario), 'after another instance was disposed of');
      },
    },
  ];
}

/**
 * What every plugin of the data path that serves does with a state, be it of one of its own name or of another; those
 * without the hooks have nothing to break.
 */
export function stateLaws<P extends Lifecycle, S>(name: string): readonly InstanceLaw<P, S>[] {
  const from = [name, 'another'];
  return [
    {
      name: 'hands its state to a successor, which goes on',
      fault: (begin, make, scenario) => firstFault(from, (origin) => handOver(begin, make, scenario, origin)),
    },
    {
      name: 'refuses a state that is nonsense, or serves on in spite of it',
      fault: (begin, make, scenario) => firstFault(from, (origin) => takeNonsense(begin, make, scenario, origin)),
    },
  ];
}

function firstFault(origins: readonly string[], fault: (origin: string) => string | undefined): string | undefined {
  for (const origin of origins) {
    const what = fault(origin);
    if (what !== undefined) return what;
  }
  return undefined;
}

/** Steps before a successor takes over. */
const STEPS_BEFORE = 4;

function halfway<P extends Lifecycle, S>(begin: Begin<P, S>, make: Make<P>, scenario: S): Course<P> {
  const course = begin(make, scenario, HOST);
  for (let i = 0; i < STEPS_BEFORE && course.goesOn(); i++) course.step();
  return course;
}

/** Lets a successor with this state finish what the course has left; it may refuse the state by a throw. */
function succeed<P extends Lifecycle>(
  course: Course<P>,
  make: Make<P>,
  state: unknown,
  origin: string,
): string | undefined {
  const successor = make(course.parts);
  const answer: unknown = successor.importState?.(state, { name: origin });
  if (answer !== undefined) return `its importState returned ${String(answer)}`;
  course.plugin = successor;
  return runAll([course]) ?? course.finish();
}

function handOver<P extends Lifecycle, S>(
  begin: Begin<P, S>,
  make: Make<P>,
  scenario: S,
  origin: string,
): string | undefined {
  const course = halfway(begin, make, scenario);
  if (course.plugin.exportState === undefined) return undefined;
  const state = course.plugin.exportState();
  let copy: unknown;
  try {
    copy = structuredClone(state);
  } catch (error) {
    return `its exportState returned what structuredClone does not take: ${(error as Error).message}`;
  }
  course.plugin.dispose?.();
  const what = succeed(course, make, copy, origin);
  return what === undefined ? undefined : `after the hand-over, ${what}`;
}

function takeNonsense<P extends Lifecycle, S>(
  begin: Begin<P, S>,
  make: Make<P>,
  scenario: S,
  origin: string,
): string | undefined {
  const first = halfway(begin, make, scenario);
  if (first.plugin.importState === undefined) return undefined;
  const real = first.plugin.exportState?.();
  for (const state of [...PLAIN_NONSENSE, ...spoiled(real)]) {
    const course = halfway(begin, make, scenario);
    if (isRefused(make, course.parts, state, origin)) continue;
    const what = succeed(course, make, structuredClone(state), origin);
    if (what !== undefined) return `after it took the state ${tellState(state)}, ${what}`;
  }
  return undefined;
}

function isRefused<P extends Lifecycle>(make: Make<P>, parts: KitParts, state: unknown, origin: string): boolean {
  const instance = make(parts);
  try {
    instance.importState?.(structuredClone(state), { name: origin });
    return false;
  } catch {
    return true;
  }
}

const PLAIN_NONSENSE: readonly unknown[] = [undefined, null, 0, Number.NaN, '', 'state', [], {}, { version: 1e9 }];

/** Of an object with more keys, a list most likely, the first stand for all. */
const KEYS_SPOILED = 8;

/** The real state with one thing wrong in each: what another version of the plugin, or a stray bit, would make of it. */
function* spoiled(real: unknown): Iterable<unknown> {
  if (typeof real !== 'object' || real === null || !isCloneable(real)) return;
  const keys = ArrayBuffer.isView(real) ? [] : Object.keys(real).slice(0, KEYS_SPOILED);
  for (const key of keys) {
    for (const wrong of [undefined, null, Number.NaN, -1, 1e308, 'x', [], {}]) {
      const copy = structuredClone(real) as Record<string, unknown>;
      copy[key] = wrong;
      yield copy;
    }
    for (const inner of spoiled((real as Record<string, unknown>)[key])) {
      const copy = structuredClone(real) as Record<string, unknown>;
      copy[key] = inner;
      yield copy;
    }
  }
  if (real instanceof Float64Array || real instanceof Int32Array) {
    yield real.slice(0, real.length >> 1);
    yield real.slice().fill(-1);
    yield real.slice().fill(Number.NaN);
    yield real.slice().fill(1e308);
  }
}

function isCloneable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

function tellState(state: unknown): string {
  return (JSON.stringify(state) ?? String(state)).slice(0, 200);
}
