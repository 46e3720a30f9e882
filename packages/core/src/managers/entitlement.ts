/** What entitles one VM to bandwidth. */
export interface Claim {
  readonly reservationBps: number;
  readonly limitBps: number;
  readonly shares: number;
}

/**
 * Divides a capacity between claims: reservations first, scaled down alike when they do not fit; what is left by
 * weighted max-min fairness (Bertsekas & Gallager, Data Networks §6.5.2): every claim grows in proportion to its
 * shares until it meets its limit. The sum never exceeds the capacity, and meets it unless all limits are met.
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
  let growing = [...claims.keys()].filter((i) => granted[i] < (claims[i] as Claim).limitBps);
  while (left > 0 && growing.length > 0) {
    const shares = growing.reduce((sum, i) => sum + (claims[i] as Claim).shares, 0);
    const perShare = left / shares;
    const met = growing.filter((i) => granted[i] + perShare * (claims[i] as Claim).shares >= (claims[i] as Claim).limitBps);
    if (met.length === 0) {
      for (const i of growing) granted[i] += perShare * (claims[i] as Claim).shares;
      break;
    }
    for (const i of met) {
      const { limitBps } = claims[i] as Claim;
      left -= limitBps - granted[i];
      granted[i] = limitBps;
    }
    growing = growing.filter((i) => !met.includes(i));
  }
  return granted;
}
