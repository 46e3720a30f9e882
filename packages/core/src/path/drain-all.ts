import type { NicQueues } from './nic-queues.ts';
import type { TeamView } from './team-view.ts';

/** Lets every NIC that serves send what waits for it; returns how many frames went. A hot function, see forwarder.ts. */
export function createDrainAll(teams: TeamView, queues: NicQueues): (nowUs: number) => number {
  const fixed = { teams, queueDrain: queues.drain };
  return function drain(nowUs) {
    const { teams, queueDrain } = fixed;
    const { serving, servingCount } = teams;
    let taken = 0;
    for (let i = 0; i < servingCount; i++) taken = (taken + queueDrain(serving[i], nowUs)) | 0;
    return taken;
  };
}
