import type { Clock } from '@fairlead/sdk';

/**
 * Waits on the host's clock, which has no timers: it is looked at in each turn of the event loop. So a run on a virtual
 * clock that gives a turn after each step repeats exactly, and one on a real clock costs a thread for as long.
 */
export async function waitUntil(clock: Clock, dueUs: number): Promise<void> {
  while (clock.nowUs() < dueUs) await new Promise((resolve) => setImmediate(resolve));
}
