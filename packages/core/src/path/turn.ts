/** How a VM was left after its turn. */
export const Turn = {
  /** Its ring is empty. */
  Empty: 0,
  /** It has more, and may go on at the next sweep. */
  More: 1,
  /** Its first frame waits for a time: `retryAtUs`. */
  Parked: 2,
} as const;
export type Turn = (typeof Turn)[keyof typeof Turn];

/** Gives one VM its turn, at a time in microseconds. */
export type Serve = (vm: number, nowUs: number) => Turn;
