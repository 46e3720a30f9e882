import { parseArgs } from 'node:util';

export interface BenchArguments {
  readonly only: readonly string[] | undefined;
  readonly json: string | undefined;
  readonly rounds: number;
  readonly help: boolean;
}

export const USAGE = `usage: npm run bench [-- [--only GROUP,GROUP] [--rounds N] [--json FILE]]

Measures what Fairlead costs beside the same steps in C, and prints a table: the median over the rounds, and
the spread, (largest - smallest) / median.`;

/**
 * @throws TypeError for an unknown option, RangeError for a value that cannot be; the message says which.
 */
export function parseArguments(args: readonly string[], groups: readonly string[]): BenchArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      json: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      help: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100) {
    throw new RangeError(`--rounds ${values.rounds}: a whole number from 1 to 100 is needed`);
  }
  const only = values.only?.split(',').map((name) => name.trim());
  const unknown = only?.find((name) => !groups.includes(name));
  if (unknown !== undefined) {
    throw new RangeError(`--only ${unknown}: there is no such group; there are ${groups.join(', ')}`);
  }
  return { only, json: values.json, rounds, help: values.help };
}
