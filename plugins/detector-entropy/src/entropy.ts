/** Addresses are dealt to so many buckets by their hash. */
export const BUCKETS = 32;

/** n·log₂(n), by n: judging ten thousand VMs takes a logarithm for each bucket otherwise. */
const BY_COUNT = Float64Array.from({ length: 1024 }, (_, n) => timesLog(n));

function timesLog(n: number): number {
  return n === 0 ? 0 : n * Math.log2(n);
}

/** How many a histogram has counted. */
export function total(histograms: Int32Array, first: number): number {
  let sum = 0;
  for (let at = first; at < first + BUCKETS; at++) sum += histograms[at];
  return sum;
}

/**
 * How evenly the counts are spread: 0 when all are in one bucket, 1 when each has as many. Shannon's entropy as a part
 * of the highest, log₂ of the buckets, with the correction for few counts of Miller and Madow (1955): what is seen of n
 * counts is too low by (K - 1)/2n nats, of K buckets that are not empty.
 */
export function evenness(histograms: Int32Array, first: number): number {
  let sum = 0;
  let inside = 0;
  let filled = 0;
  for (let at = first; at < first + BUCKETS; at++) {
    const count = histograms[at];
    if (count <= 0) continue;
    sum += count;
    inside += count < BY_COUNT.length ? BY_COUNT[count] : timesLog(count);
    filled++;
  }
  if (filled < 2) return 0;
  const bits = Math.log2(sum) - inside / sum + (filled - 1) / (2 * sum * Math.LN2);
  return Math.min(1, bits / Math.log2(BUCKETS));
}
