/** Units that are elsewhere than before, by where from and where to; those that were nowhere have not moved. */
export function movesBetween(
  before: Int32Array,
  placeOf: (unit: number) => number,
): readonly (readonly [from: number, to: number, units: readonly number[]])[] {
  const ways = new Map<string, [from: number, to: number, units: number[]]>();
  for (const [unit, from] of before.entries()) {
    const to = placeOf(unit);
    if (from < 0 || from === to) continue;
    const way = ways.get(`${from} ${to}`) ?? [from, to, []];
    way[2].push(unit);
    ways.set(`${from} ${to}`, way);
  }
  return [...ways.values()];
}
