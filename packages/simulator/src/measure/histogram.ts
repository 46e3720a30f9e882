/** Each power of two is divided into so many parts: a value is known to within 1.6%. */
const PART_BITS = 6;
const PARTS = 1 << PART_BITS;
const EXACT = 2 * PARTS;

/** What a histogram has counted, as plain data. */
export interface HistogramData {
  readonly counts: readonly (Int32Array | undefined)[];
  readonly count: number;
  /** Whole nanoseconds, so that a sum is the same in any order. */
  readonly sumNs: number;
  readonly mostUs: number;
}

/** Counts times, in microseconds, in buckets whose width grows with the value. Has memory for values that have come. */
export class Histogram {
  /** A part of them for each power of two; the first two parts hold values below `EXACT` as they are. */
  readonly #counts: (Int32Array | undefined)[] = [];
  count = 0;
  sumNs = 0;
  mostUs = 0;

  add(us: number): void {
    const whole = us < 1 ? 0 : us > 0x7fffffff ? 0x7fffffff : us | 0;
    const at = bucketOf(whole);
    const part = at >> PART_BITS;
    let counts = this.#counts[part];
    if (counts === undefined) {
      while (this.#counts.length < part) this.#counts.push(undefined);
      counts = new Int32Array(PARTS);
      this.#counts[part] = counts;
    }
    counts[at & (PARTS - 1)]++;
    this.count++;
    this.sumNs += Math.round(us * 1000);
    if (us > this.mostUs) this.mostUs = us;
  }

  get data(): HistogramData {
    const { count, sumNs, mostUs } = this;
    return { counts: this.#counts.map((part) => part?.slice()), count, sumNs, mostUs };
  }

  /** Adds all that another one has counted. */
  join(other: HistogramData): void {
    for (const [part, counts] of other.counts.entries()) {
      if (counts === undefined) continue;
      while (this.#counts.length <= part) this.#counts.push(undefined);
      const own = this.#counts[part] ?? new Int32Array(PARTS);
      this.#counts[part] = own;
      for (let i = 0; i < PARTS; i++) own[i] += counts[i];
    }
    this.count += other.count;
    this.sumNs += other.sumNs;
    if (other.mostUs > this.mostUs) this.mostUs = other.mostUs;
  }

  get meanUs(): number {
    return this.count === 0 ? 0 : this.sumNs / 1000 / this.count;
  }

  /** The value that a part of all, from 0 to 1, does not exceed; 0 when there is none. */
  quantileUs(part: number): number {
    const wanted = Math.max(1, Math.ceil(part * this.count));
    let seen = 0;
    for (const [power, counts] of this.#counts.entries()) {
      if (counts === undefined) continue;
      for (let i = 0; i < PARTS; i++) {
        seen += counts[i];
        if (seen >= wanted) return Math.min(middleOf(power * PARTS + i), this.mostUs);
      }
    }
    return 0;
  }

  clear(): void {
    if (this.count === 0) return;
    for (const counts of this.#counts) counts?.fill(0);
    this.count = 0;
    this.sumNs = 0;
    this.mostUs = 0;
  }
}

function bucketOf(value: number): number {
  if (value < EXACT) return value;
  const shift = 31 - Math.clz32(value) - PART_BITS;
  return EXACT + (shift - 1) * PARTS + ((value >>> shift) - PARTS);
}

function middleOf(bucket: number): number {
  if (bucket < EXACT) return bucket;
  const shift = Math.floor((bucket - EXACT) / PARTS) + 1;
  const low = (((bucket - EXACT) % PARTS) + PARTS) * 2 ** shift;
  return low + 2 ** (shift - 1);
}
