import type { Random } from '../../clock.ts';
import { testRandom } from '../clock.ts';
import { shrinking } from './shrink.ts';

/**
 * One thing that every implementation of an extension point does. A kit is a list of them, for any test framework.
 *
 * @example
 * ```ts
 * import { test } from 'node:test';
 * import { definePlugin, Type } from '@fairlead/sdk';
 * import { conformanceLaws } from '@fairlead/sdk/testing';
 *
 * const plugin = definePlugin({
 *   kind: 'admission',
 *   name: 'admit-all',
 *   apiVersion: 1,
 *   options: Type.Object({}, { additionalProperties: false }),
 *   implementation: class {
 *     admit(): undefined {}
 *   },
 * });
 * for (const { name, check } of conformanceLaws(plugin)) test(`admit-all ${name}`, () => check());
 * ```
 */
export interface Law {
  /** The law as a sentence, whose subject is the plugin. */
  readonly name: string;
  /**
   * Tries the law on scenarios drawn from the seed: 1, and a hundred rounds for most laws, unless said otherwise. A law
   * of the control path answers with a promise, so write `await check()`, or return what it returns.
   * @throws LawBroken (or rejects with it) at the first scenario that breaks it, made as small as it will go.
   */
  readonly check: (seed?: number, rounds?: number) => void | Promise<void>;
}

/**
 * What a law found: `what` went wrong, in which smallest `scenario`, found from which `seed`.
 *
 * @example
 * ```ts
 * import { type Law, LawBroken } from '@fairlead/sdk/testing';
 *
 * async function seedThatBreaks(law: Law): Promise<number | undefined> {
 *   try {
 *     await law.check(42);
 *     return undefined;
 *   } catch (error) {
 *     if (error instanceof LawBroken) return error.seed;
 *     throw error;
 *   }
 * }
 * ```
 */
export class LawBroken extends Error {
  override readonly name = 'LawBroken';

  constructor(
    readonly law: string,
    readonly seed: number,
    readonly what: string,
    readonly scenario: string,
  ) {
    super(`"${law}" does not hold (seed ${seed}): ${what}\n${scenario}`);
  }
}

interface Scenarios<S> {
  readonly name: string;
  /** Scenarios that are tried unless the caller says how many; 100 when left out. */
  readonly rounds?: number;
  /** `round` counts from 0, for what is to be gone through one after the other. */
  draw(random: Random, round: number): S;
  /** Scenarios somewhat simpler than this one, boldest first. */
  simpler(scenario: S): Iterable<S>;
  /** The scenario in a plugin author's words, one line for each fact. */
  tell(scenario: S): string;
}

/** How a law is made of scenarios. */
export interface LawParts<S> extends Scenarios<S> {
  /** What the plugin does wrong in the scenario; undefined when nothing. */
  fault(scenario: S): string | undefined;
}

/** How a law of the control path is made of scenarios. */
export interface AsyncLawParts<S> extends Scenarios<S> {
  /** What the plugin does wrong in the scenario; undefined when nothing. */
  fault(scenario: S): Promise<string | undefined>;
}

type Search<S> = Generator<S, LawBroken | undefined, string | undefined>;

/** Yields each scenario to be tried, and is told what was wrong in it. */
function* search<S>(parts: Scenarios<S>, seed: number, rounds: number): Search<S> {
  const random = testRandom(seed);
  for (let round = 0; round < rounds; round++) {
    const scenario = parts.draw(random, round);
    let what = yield scenario;
    if (what === undefined) continue;
    const shrink = shrinking(scenario, parts.simpler);
    let next = shrink.next();
    while (next.done !== true) {
      const stillWrong = yield next.value;
      if (stillWrong !== undefined) what = stillWrong;
      next = shrink.next(stillWrong !== undefined);
    }
    return new LawBroken(parts.name, seed, what, parts.tell(next.value));
  }
  return undefined;
}

function tellThrown(thrown: unknown): string {
  return `it threw ${thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)}`;
}

/** A law that is answered at once. */
export function law<S>(parts: LawParts<S>): Law {
  function fault(scenario: S): string | undefined {
    try {
      return parts.fault(scenario);
    } catch (thrown) {
      return tellThrown(thrown);
    }
  }
  return {
    name: parts.name,
    check: (seed = 1, rounds = parts.rounds ?? 100) => {
      const trial = search(parts, seed, rounds);
      let next = trial.next();
      while (next.done !== true) next = trial.next(fault(next.value));
      if (next.value !== undefined) throw next.value;
    },
  };
}

/** A law of the control path: its scenarios take promises. One scenario is tried at a time. */
export function asyncLaw<S>(parts: AsyncLawParts<S>): Law {
  async function fault(scenario: S): Promise<string | undefined> {
    try {
      return await parts.fault(scenario);
    } catch (thrown) {
      return tellThrown(thrown);
    }
  }
  return {
    name: parts.name,
    check: async (seed = 1, rounds = parts.rounds ?? 100) => {
      const trial = search(parts, seed, rounds);
      let next = trial.next();
      while (next.done !== true) next = trial.next(await fault(next.value));
      if (next.value !== undefined) throw next.value;
    },
  };
}

/**
 * The same laws, each tried only where `base` holds: while that one is broken they would say no more than it does, in
 * more words.
 */
export function presupposing(base: Law, laws: readonly Law[]): Law[] {
  const holds = new Map<string, boolean>();
  function baseHolds(seed?: number, rounds?: number): boolean {
    const key = `${seed} ${rounds}`;
    let held = holds.get(key);
    if (held === undefined) {
      held = isKept(base, seed, rounds);
      holds.set(key, held);
    }
    return held;
  }
  return laws.map(({ name, check }) => ({
    name,
    check: (seed, rounds) => (baseHolds(seed, rounds) ? check(seed, rounds) : undefined),
  }));
}

function isKept(law: Law, seed?: number, rounds?: number): boolean {
  try {
    law.check(seed, rounds);
    return true;
  } catch (error) {
    if (error instanceof LawBroken) return false;
    throw error;
  }
}
