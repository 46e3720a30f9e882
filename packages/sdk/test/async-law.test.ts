import { expect, it } from 'vitest';
import { asyncLaw } from '../src/testing/kits/law.ts';
import { shorter } from '../src/testing/kits/shrink.ts';

/** Lists of ten numbers from 0 to 9; broken by the first list that has a 7. */
const noSevens = asyncLaw<readonly number[]>({
  name: 'has no sevens',
  draw: (random) => Array.from({ length: 10 }, () => Math.floor(random.next() * 10)),
  fault: async (list) => {
    await Promise.resolve();
    if (list.includes(8) && list.length < 3) throw new RangeError('an eight among few');
    return list.includes(7) ? 'there is a 7' : undefined;
  },
  simpler: (list) => shorter(list),
  tell: (list) => `  ${list.join(' ')}`,
});

it('a law of the control path is shrunk as any other, one scenario at a time', async () => {
  await expect(noSevens.check(1)).rejects.toThrowErrorMatchingInlineSnapshot(`
    [LawBroken: "has no sevens" does not hold (seed 1): there is a 7
      7]
  `);
});

it('a scenario that throws breaks the law', async () => {
  const eights = asyncLaw<readonly number[]>({
    name: 'stands',
    rounds: 1,
    draw: () => [8],
    fault: () => Promise.reject(new RangeError('eight')),
    simpler: () => [],
    tell: String,
  });
  await expect(eights.check(5)).rejects.toThrow('"stands" does not hold (seed 5): it threw RangeError: eight\n8');
});
