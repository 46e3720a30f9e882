/** Time, in microseconds since the host started. Virtual under the inline runtime. */
export interface Clock {
  nowUs(): number;
}

/** Randomness from a seeded generator: the same seed gives the same numbers. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
}

/** Where a plugin reports what it does; never called per frame. */
export interface Log {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}
