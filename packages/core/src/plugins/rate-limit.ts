import type { Clock } from '@fairlead/sdk';

/** Lets `perSecond` things pass in a second and counts the rest: how many were left out before this one; -1: leave it out. */
export function rateLimit(perSecond: number, clock: Clock): () => number {
  let second = 0;
  let passed = 0;
  let leftOut = 0;
  return () => {
    const now = Math.floor(clock.nowUs() / 1e6);
    if (now !== second) {
      second = now;
      passed = 0;
    }
    if (++passed > perSecond) {
      leftOut++;
      return -1;
    }
    const before = leftOut;
    leftOut = 0;
    return before;
  };
}
