import type { Random } from '../../clock.ts';
import { testRandom } from '../clock.ts';
import { shrink } from './shrink.ts';

/**
 * One thing that every implementation of an extension point does. A kit is a list of them, for any test framework:
 *
 * @example
 * ```ts
 * const laws = loadDistributionLaws(({ nics }) => new RoundRobin(nics, { weighted: false }));
 * it.each(laws)('round-robin $name', ({ check }) => expect(check).not.toThrow());
 * ```
 */
export interface Law {
  /** The law as a sentence, whose subject is the plugin. */
  readonly name: string;
  /**
   * Tries the law on scenarios drawn from the seed, 1 and 100 unless said otherwise.
   * @throws LawBroken at the first scenario that breaks it, made as small as it will go.
   */
  readonly check: (seed?: number, rounds?: number) => void;
}

/** What a law found: `what` went wrong, in which smallest `scenario`, found from which `seed`. */
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

/** How a law is made of scenarios. */
export interface LawParts<S> {
  readonly name: string;
  draw(random: Random): S;
  /** What the plugin does wrong in the scenario; undefined when nothing. */
  fault(scenario: S): string | undefined;
  /** Scenarios somewhat simpler than this one, boldest first. */
  simpler(scenario: S): Iterable<S>;
  /** The scenario in a plugin author's words, one line for each fact. */
  tell(scenario: S): string;
}

export function law<S>(parts: LawParts<S>): Law {
  function fault(scenario: S): string | undefined {
    try {
      return parts.fault(scenario);
    } catch (thrown) {
      return `it threw ${thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)}`;
    }
  }
  return {
    name: parts.name,
    check: (seed = 1, rounds = 100) => {
      const random = testRandom(seed);
      for (let round = 0; round < rounds; round++) {
        const scenario = parts.draw(random);
        if (fault(scenario) === undefined) continue;
        const smallest = shrink(scenario, parts.simpler, (candidate) => fault(candidate) !== undefined);
        throw new LawBroken(parts.name, seed, fault(smallest) ?? 'nothing', parts.tell(smallest));
      }
    },
  };
}
