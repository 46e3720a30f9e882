/** Two full frames: what a bucket holds at least. */
const LEAST_DEPTH_BYTES = 3036;

/** A VM whose bucket is empty is asked again after this long at the latest: its rate may have been raised. */
export const LONGEST_WAIT_US = 50_000;

/** A full bucket lets a frame go that is longer than it is deep: by so much it may be below zero. */
const DEEPEST_DEBT_BYTES = 65_536;

/** Buckets as they are handed to a successor, a row for each VM. */
export interface BucketState {
  readonly tokens: Float64Array;
  readonly filledUs: Float64Array;
}

function demandColumn(column: unknown, rows: number, least: number, most: number): asserts column is Float64Array {
  if (!(column instanceof Float64Array) || column.length !== rows) throw new TypeError('the buckets are of other VMs');
  if (!column.every((value) => value >= least && value <= most))
    throw new TypeError('the buckets hold what no bucket can');
}

/**
 * A token bucket for each VM, full at first, at the rates of a column that may change at any time. A frame conforms
 * when the bucket holds its size, or is full: so none is too large ever to go, and from time `s` to `s + t` there go at
 * most `rate · t + max(depth, longest frame)`.
 */
export class RateBuckets {
  /** Bytes in each bucket; `Infinity` at no rate limit, -1 at rate 0. */
  readonly tokens: Float64Array;
  readonly depthBytes: Float64Array;
  readonly #rateBps: Float64Array;
  readonly #ownDepthBytes: Float64Array;
  readonly #burstUs: number;
  /** The time as its only entry; a double as an argument would be put on the heap. */
  readonly #clockUs: Float64Array;
  readonly #filledUs: Float64Array;

  /** `ownDepthBytes` is a column too, in which 0 stands for what the rate earns in `burstUs`. */
  constructor(rateBps: Float64Array, ownDepthBytes: Float64Array, burstUs: number, clockUs: Float64Array) {
    this.#rateBps = rateBps;
    this.#ownDepthBytes = ownDepthBytes;
    this.#burstUs = burstUs;
    this.#clockUs = clockUs;
    this.tokens = new Float64Array(rateBps.length).fill(Number.POSITIVE_INFINITY);
    this.depthBytes = new Float64Array(rateBps.length);
    this.#filledUs = new Float64Array(rateBps.length);
  }

  /** What is in the buckets and when they were filled, to be handed to a successor. */
  copy(): BucketState {
    return { tokens: this.tokens.slice(), filledUs: this.#filledUs.slice() };
  }

  /** @throws TypeError when it is no state of these VMs' buckets. */
  take(state: unknown): void {
    const { tokens, filledUs } = (state ?? {}) as Partial<BucketState>;
    demandColumn(tokens, this.tokens.length, -DEEPEST_DEBT_BYTES, Number.POSITIVE_INFINITY);
    demandColumn(filledUs, this.tokens.length, 0, Number.MAX_SAFE_INTEGER);
    this.tokens.set(tokens);
    this.#filledUs.set(filledUs);
  }

  refill(vm: number): void {
    const bytesPerUs = this.#rateBps[vm] / 8e6;
    const elapsedUs = this.#clockUs[0] - this.#filledUs[vm];
    this.#filledUs[vm] = this.#clockUs[0];
    if (!(bytesPerUs > 0)) {
      this.tokens[vm] = -1;
      this.depthBytes[vm] = 0;
      return;
    }
    const own = this.#ownDepthBytes[vm];
    const depth = own > 0 ? own : Math.max(bytesPerUs * this.#burstUs, LEAST_DEPTH_BYTES);
    // A clock that went back earns nothing.
    const tokens = elapsedUs > 0 ? this.tokens[vm] + elapsedUs * bytesPerUs : this.tokens[vm];
    this.depthBytes[vm] = depth;
    this.tokens[vm] = bytesPerUs === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : Math.min(tokens, depth);
  }

  /** From now on it holds what it earns. A debt stays one. */
  empty(vm: number): void {
    this.refill(vm);
    if (this.tokens[vm] > 0) this.tokens[vm] = 0;
  }

  /** Whole microseconds, rounded up, until a frame of `bytes` conforms. */
  waitUs(vm: number, bytes: number): number {
    const lacking = Math.min(bytes, this.depthBytes[vm]) - this.tokens[vm];
    const us = Math.ceil((lacking * 8e6) / this.#rateBps[vm]);
    return us < LONGEST_WAIT_US ? (us > 1 ? us : 1) : LONGEST_WAIT_US;
  }
}
