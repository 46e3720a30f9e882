import { FairleadError } from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';

/** NIC numbers that serve a team. */
type Serving = (team: number) => readonly number[];

/**
 * VMs whose frames another team carries than their own. The `team` and `awayFrom` columns say so to the forwarding
 * workers, which look at them when they are told that something has changed.
 */
export class AwayVms {
  readonly #arena: Arena;
  readonly #away = new Set<number>();

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** The team that carries a VM's frames when nothing is the matter. */
  homeOf(vm: number): number {
    const { awayFrom, team } = this.#arena.vms;
    return awayFrom[vm] > 0 ? awayFrom[vm] - 1 : team[vm];
  }

  put(vm: number, team: number): void {
    const { vms } = this.#arena;
    const home = this.homeOf(vm);
    vms.awayFrom[vm] = team === home ? 0 : home + 1;
    vms.team[vm] = team;
    if (team === home) this.#away.delete(vm);
    else this.#away.add(vm);
  }

  /** VMs that no NIC carries where they are, though one would at home. */
  stranded(serving: Serving): number[] {
    const { team } = this.#arena.vms;
    return [...this.#away].filter((vm) => serving(team[vm]).length === 0 && serving(this.homeOf(vm)).length > 0);
  }
}

export function nobodyServes(team: string): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_HOST_STATE', `no NIC serves team "${team}" now`, {
    mend: 'fail over to a team with a NIC that is up',
  });
}
