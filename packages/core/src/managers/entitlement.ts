/** What entitles one VM to bandwidth. */
export interface Claim {
  readonly reservationBps: number;
  readonly limitBps: number;
  readonly shares: number;
  /** Higher is served first. */
  readonly priority: number;
}

/**
 * Divides a capacity between claims: reservations first, scaled down alike when they do not fit. What is left goes to
 * the claims of the highest priority, and what those leave to the next; within one priority by weighted max-min
 * fairness (Bertsekas & Gallager, Data Networks §6.5.2): every claim grows in proportion to its shares until it meets
 * its limit. The sum never exceeds the capacity, and meets it unless all limits are met.
 */
export function divide(capacityBps: number, claims: readonly Claim[]): Float64Array {
  const granted = new Float64Array(claims.length);
  const reserved = claims.map((claim) => Math.min(claim.reservationBps, claim.limitBps));
  const wanted = reserved.reduce((sum, rate) => sum + rate, 0);
  const scale = wanted > capacityBps ? capacityBps / wanted : 1;
  let left = capacityBps;
  for (const [i, rate] of reserved.entries()) {
    granted[i] = rate * scale;
    left -= granted[i];
  }
  const priorities = [...new Set(claims.map((claim) => claim.priority))].sort((a, b) => b - a);
  for (const priority of priorities) {
    const members = [...claims.keys()].filter((i) => (claims[i] as Claim).priority === priority);
    left = grow(left, claims, members, granted);
  }
  return granted;
}

/** Lets some claims grow into what is left; returns what they leave. */
function grow(
  capacityBps: number,
  claims: readonly Claim[],
  members: readonly number[],
  granted: Float64Array,
): number {
  const claim = (i: number): Claim => claims[i] as Claim;
  let left = capacityBps;
  let growing = members.filter((i) => granted[i] < claim(i).limitBps);
  while (left > 0 && growing.length > 0) {
    const perShare = left / growing.reduce((sum, i) => sum + claim(i).shares, 0);
    const met = new Set(growing.filter((i) => granted[i] + perShare * claim(i).shares >= claim(i).limitBps));
    if (met.size === 0) {
      for (const i of growing) granted[i] += perShare * claim(i).shares;
      return 0;
    }
    for (const i of met) {
      left -= claim(i).limitBps - granted[i];
      granted[i] = claim(i).limitBps;
    }
    growing = growing.filter((i) => !met.has(i));
  }
  return left;
}
