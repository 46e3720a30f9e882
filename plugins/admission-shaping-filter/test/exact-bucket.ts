const NANO_BITS_PER_BYTE = 8_000_000_000n;

/** The token bucket as defined, in integers without bound: what the policy is held to. */
export class ExactBucket {
  /** In 10^-9 bit. */
  level: bigint;
  #atNs = 0n;
  readonly #rateBps: bigint;
  readonly #depth: bigint;

  constructor(rateBps: number, depthBytes: number) {
    this.#rateBps = BigInt(rateBps);
    this.#depth = BigInt(depthBytes) * NANO_BITS_PER_BYTE;
    this.level = this.#depth;
  }

  refill(nowNs: number): void {
    const level = this.level + this.#rateBps * (BigInt(nowNs) - this.#atNs);
    this.level = level < this.#depth ? level : this.#depth;
    this.#atNs = BigInt(nowNs);
  }

  holds(bytes: number): boolean {
    return BigInt(bytes) * NANO_BITS_PER_BYTE <= this.level;
  }

  take(bytes: number): void {
    this.level -= BigInt(bytes) * NANO_BITS_PER_BYTE;
  }
}

/** True when `bytes` are no more than `allowance + rate · t`, without rounding. */
export function within(bytes: number, allowanceBytes: number, rateBps: number, elapsedNs: number): boolean {
  return BigInt(bytes - allowanceBytes) * NANO_BITS_PER_BYTE <= BigInt(rateBps) * BigInt(elapsedNs);
}
