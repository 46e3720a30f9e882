/** Candidates that are tried before the smallest so far is taken as it is. */
const MAX_TRIES = 1000;

/**
 * The simplest scenario that still fails, found by taking the first simpler one that does, again and again. It yields
 * each candidate and is told whether that one fails, so that the same search serves laws that answer at once and laws
 * that answer later.
 */
export function* shrinking<S>(failing: S, simpler: (scenario: S) => Iterable<S>): Generator<S, S, boolean> {
  let smallest = failing;
  let tries = 0;
  search: while (tries < MAX_TRIES) {
    for (const candidate of simpler(smallest)) {
      if (++tries > MAX_TRIES) return smallest;
      if (!(yield candidate)) continue;
      smallest = candidate;
      continue search;
    }
    return smallest;
  }
  return smallest;
}

/** Shorter lists: without its first or second half, then without one element; never shorter than `least`. */
export function* shorter<T>(list: readonly T[], least = 0): Iterable<T[]> {
  const half = list.length >> 1;
  if (half >= 1 && half >= least) {
    yield list.slice(0, half);
    yield list.slice(list.length - half);
  }
  if (list.length > least) for (const i of list.keys()) yield list.filter((_, k) => k !== i);
}

/** The same list with element `i` replaced. */
export function withAt<T>(list: readonly T[], i: number, value: T): T[] {
  return list.map((old, k) => (k === i ? value : old));
}
