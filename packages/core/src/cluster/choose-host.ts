import type { HostInfo } from '@fairlead/sdk';
import type { RejectedHost } from './migration-record.ts';

/** Hosts that a VM may go to, the best first, and why not the others. */
export interface Choice {
  readonly candidates: readonly HostInfo[];
  readonly rejected: readonly RejectedHost[];
}

/**
 * By room, load, and whether it is itself under attack: a host that is has no VM sent to it, nor has one whose room is
 * less than what the VM has reserved. Of the others the least loaded is the first, and of those loaded alike the one
 * with more room; the name decides the rest, so that two looks at the same hosts choose the same.
 */
export function chooseHost(self: string, hosts: readonly HostInfo[], reservationBps: number): Choice {
  const rejected: RejectedHost[] = [];
  const candidates = hosts.filter(({ name, roomBps, underAttack }) => {
    if (name === self) return false;
    const why = underAttack
      ? 'it is under attack'
      : roomBps < reservationBps
        ? `it has room for ${roomBps} bit/s, and the VM has ${reservationBps} bit/s reserved`
        : undefined;
    if (why !== undefined) rejected.push({ host: name, why });
    return why === undefined;
  });
  candidates.sort((a, b) => a.load - b.load || b.roomBps - a.roomBps || (a.name < b.name ? -1 : 1));
  return { candidates, rejected };
}
