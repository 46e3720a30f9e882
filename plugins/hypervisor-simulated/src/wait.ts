import type { Clock } from '@fairlead/sdk';

/**
 * Waits on the host's clock, which has no timers: it is looked at in each turn of the event loop. So a run on a virtual
 * clock that gives a turn after each step repeats exactly, and one on a real clock costs a thread for as long.
 *
 * @throws Error once the hypervisor is closed: a clock that stands still would else keep the process alive for ever.
 */
export async function waitUntil(clock: Clock, dueUs: number, closed: () => boolean): Promise<void> {
  while (clock.nowUs() < dueUs) {
    if (closed()) throw new Error('the hypervisor was closed');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
