import type { LacpPort } from './lacp-port.ts';
import { PortState } from './lacpdu.ts';

/**
 * Which ports of a team may carry traffic together: those whose partners are one and the same aggregation group. Of
 * several groups the one with most ports; of equal ones the one that it is already, so that a stranger on one cable
 * does not take the others out of service.
 */
export class Aggregator {
  readonly #system: string;
  /** The group that was chosen; undefined while there is none. */
  chosen: string | undefined;

  /** `system`: the own one, which can be no partner: who hears it hears itself. */
  constructor(system: string) {
    this.#system = system;
  }

  /** Chooses a group, and returns the ports that are of it. */
  select(ports: ReadonlyMap<number, LacpPort>): ReadonlySet<LacpPort> {
    const groups = new Map<string, Set<LacpPort>>();
    for (const port of ports.values()) {
      const group = this.#groupOf(port);
      if (group === undefined) continue;
      const others = groups.get(group);
      if (others === undefined) groups.set(group, new Set([port]));
      else others.add(port);
    }
    let best = this.chosen === undefined ? undefined : groups.get(this.chosen);
    if (best === undefined) this.chosen = undefined;
    for (const [group, members] of groups) {
      if (best !== undefined && members.size <= best.size) continue;
      best = members;
      this.chosen = group;
    }
    return best ?? new Set();
  }

  #groupOf({ hasHeard, receiving, partner }: LacpPort): string | undefined {
    if (!hasHeard || (receiving !== 'current' && receiving !== 'expired')) return undefined;
    if (partner.system === this.#system) return undefined;
    const group = `${partner.systemPriority} ${partner.system} ${partner.key}`;
    // One that does not aggregate is a group of its own.
    return (partner.state & PortState.Aggregation) !== 0 ? group : `${group} ${partner.portPriority} ${partner.port}`;
  }
}
