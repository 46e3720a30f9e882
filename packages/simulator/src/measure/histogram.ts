/** Each power of two is divided into so many parts: a value is known to within 1.6%. */
const PART_BITS = 6;
const PARTS = 1 << PART_BITS;
const EXACT = 2 * PARTS;
const BUCKETS = EXACT + (31 - PART_BITS - 1) * PARTS;

/** Counts times, in microseconds, in buckets whose width grows with the value. */
export class Histogram {
  readonly #counts = new Int32Array(BUCKETS);
  #low = BUCKETS;
  #high = -1;
  count = 0;
  sumUs = 0;
  mostUs = 0;

  add(us: number): void {
    const whole = us < 1 ? 0 : us > 0x7fffffff ? 0x7fffffff : us | 0;
    const at = bucketOf(whole);
    this.#counts[at]++;
    if (at < this.#low) this.#low = at;
    if (at > this.#high) this.#high = at;
    this.count++;
    this.sumUs += us;
    if (us > this.mostUs) this.mostUs = us;
  }

  get meanUs(): number {
    return this.count === 0 ? 0 : this.sumUs / this.count;
  }

  /** The value that a part of all, from 0 to 1, does not exceed; 0 when there is none. */
  quantileUs(part: number): number {
    const wanted = Math.max(1, Math.ceil(part * this.count));
    let seen = 0;
    for (let at = this.#low; at <= this.#high; at++) {
      seen += this.#counts[at];
      if (seen >= wanted) return Math.min(middleOf(at), this.mostUs);
    }
    return 0;
  }

  clear(): void {
    if (this.count === 0) return;
    this.#counts.fill(0, this.#low, this.#high + 1);
    this.#low = BUCKETS;
    this.#high = -1;
    this.count = 0;
    this.sumUs = 0;
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
