import type { Random } from '../../clock.ts';
import { asyncLaw, type Law } from './law.ts';

/** How scenarios of one kind are drawn, made simpler and told. */
interface Drawn<S> {
  readonly rounds: number;
  /** Options of the plugin that are tried, one after the other. */
  readonly options: readonly object[];
  /** `stepsUs`: how far the clock may go in a step; as the kind has it when left out. */
  draw(random: Random, options: object, stepsUs?: readonly number[]): S;
  simpler(scenario: S, plainest: object): Iterable<S>;
  tell(scenario: S): string;
}

/** What one law tries in place of what all try. */
interface Trial {
  readonly tried?: readonly object[];
  readonly stepsUs?: readonly number[] | undefined;
}

/** Makes a law from what is wrong in a scenario. */
export type OnEveryScenario<S> = (
  name: string,
  fault: (scenario: S) => Promise<string | undefined>,
  trial?: Trial,
) => Law;

/** Laws over the scenarios of one kind, each of which tries all options at least twice. */
export function onEveryScenarioOf<S>({ rounds, options, draw, simpler, tell }: Drawn<S>): OnEveryScenario<S> {
  return (name, fault, { tried = options, stepsUs } = {}) =>
    asyncLaw<S>({
      name,
      rounds: Math.max(rounds, tried.length * 2),
      draw: (random, round) => draw(random, tried[round % tried.length], stepsUs),
      fault,
      simpler: (scenario) => simpler(scenario, tried[0]),
      tell,
    });
}

/** Laws that one sort of fault is never found while a scenario runs; `about` is what its run is told besides. */
export function neverOn<S, F, A>(
  onEveryScenario: OnEveryScenario<S>,
  run: (scenario: S, about?: A) => Promise<{ readonly faults: ReadonlyMap<F, string> }>,
): (name: string, fault: F, about?: A, stepsUs?: readonly number[]) => Law {
  return (name, fault, about, stepsUs) =>
    onEveryScenario(name, async (scenario) => (await run(scenario, about)).faults.get(fault), { stepsUs });
}
