import { conformanceLaws, type Law, LawBroken } from '@fairlead/sdk/testing';
import type { Output } from '../output.ts';
import { findPlugins } from './found.ts';

/** What a trial of the laws is told. */
export interface TestFlags {
  readonly json?: boolean;
  /** Where the draws begin; 1 when left out. */
  readonly seed?: number;
  /** Scenarios for each law; each law knows how many it wants when left out. */
  readonly rounds?: number;
  readonly folder?: string;
}

/** What became of one law. */
interface Outcome {
  readonly law: string;
  readonly ok: boolean;
  readonly seed: number;
  readonly what?: string;
  /** The smallest scenario that was found to break it. */
  readonly scenario?: string;
}

/**
 * `fairlead plugin test`: tries the laws of their kinds on plugins, without a test framework. Returns the exit code: 1
 * when one does not hold.
 *
 * @throws FairleadError when there is no such plugin, it cannot be loaded, or its kind has no laws.
 */
export async function test(uses: readonly string[], flags: TestFlags, output: Output): Promise<number> {
  let broken = 0;
  for (const use of uses) broken += await testOne(use, flags, output);
  return broken === 0 ? 0 : 1;
}

/** The number of laws that do not hold. */
async function testOne(use: string, flags: TestFlags, output: Output): Promise<number> {
  const { json = false, seed = 1, rounds, folder = '.' } = flags;
  let broken = 0;
  for (const { definition } of await findPlugins(use, folder)) {
    const { kind, name } = definition;
    const laws = conformanceLaws(definition);
    if (!json) output.print(`${kind} ${name}: ${laws.length} laws, seed ${seed}`);
    const outcomes: Outcome[] = [];
    for (const law of laws) {
      const outcome = await outcomeOf(law, seed, rounds);
      outcomes.push(outcome);
      if (!json) for (const line of linesOf(outcome)) output.print(line);
    }
    const failed = outcomes.filter(({ ok }) => !ok).length;
    broken += failed;
    if (json) output.print(JSON.stringify({ version: 1, kind, name, ok: failed === 0, seed, laws: outcomes }));
    else if (failed === 0) output.print('all hold');
    else
      output.print(`${failed} of ${laws.length} do not hold; again with: fairlead plugin test ${use} --seed ${seed}`);
  }
  return broken;
}

async function outcomeOf({ name: law, check }: Law, seed: number, rounds: number | undefined): Promise<Outcome> {
  try {
    await check(seed, rounds);
    return { law, ok: true, seed };
  } catch (error) {
    if (error instanceof LawBroken) return { law, ok: false, seed, what: error.what, scenario: error.scenario };
    return { law, ok: false, seed, what: error instanceof Error ? error.message : String(error) };
  }
}

function linesOf({ law, ok, what = '', scenario }: Outcome): string[] {
  if (ok) return [`  ✓ ${law}`];
  const under = (text: string): string[] => text.split('\n').map((line) => `      ${line}`);
  return [`  ✗ ${law}`, ...under(what), ...(scenario === undefined ? [] : under(scenario))];
}
