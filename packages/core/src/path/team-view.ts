import type { Arena } from '../memory/arena.ts';
import { MAX_TEAMS } from '../memory/layout.ts';
import { ALL_TEAMS } from '../memory/nic-view.ts';

/**
 * The teams as one forwarding worker last saw them. Between two looks nothing in it changes, so that a sweep decides on
 * one state of the teams.
 */
export class TeamView {
  /** Teams that VMs of this host are in. */
  count: number;
  /** NICs that serve any team, in ascending order; the first `servingCount` entries count. */
  readonly serving: Int32Array;
  servingCount = 0;
  servingMask = 0;
  readonly #arena: Arena;
  readonly #receiving = new Int32Array(MAX_TEAMS);
  readonly #group = new Int32Array(MAX_TEAMS);

  constructor(arena: Arena) {
    this.#arena = arena;
    this.serving = new Int32Array(Math.max(1, arena.nics.count));
    this.count = arena.networks.look();
  }

  /** Takes over what is published now; true when other NICs serve than before. */
  look(): boolean {
    const { nics, networks, teams, threads } = this.#arena;
    this.count = networks.look();
    const mask = threads.available;
    for (let team = 0; team < this.count; team++) {
      // One team's set may be newer than the set of all: only what is in both is served.
      nics.setAvailable(teams.serving(team) & mask, teams.preferred(team), team);
      this.#receiving[team] = teams.receiving(team);
      this.#group[team] = teams.group(team);
    }
    this.servingMask = mask;
    this.servingCount = 0;
    for (let nic = 0; nic < nics.count; nic++) if ((mask >>> nic) & 1) this.serving[this.servingCount++] = nic;
    return nics.setAvailable(mask, undefined, ALL_TEAMS);
  }

  /**
   * True when what arrives on a NIC for a VM is of the VM's own network. One that has failed over to another team still
   * receives over its own: the network learns by and by where it is.
   */
  receives(vm: number, nic: number): boolean {
    const { team, home } = this.#arena.networks;
    return (((this.#receiving[team[vm]] | this.#receiving[home[vm]]) >>> nic) & 1) === 1;
  }

  /** True when a VM's frame that arrives on a NIC has come back: no other VM of this host waits for it there. */
  reflects(vm: number, nic: number): boolean {
    return ((this.#receiving[this.#arena.networks.team[vm]] >>> nic) & 1) === 1;
  }

  /** Bit set of the teams whose VMs are given the broadcast and multicast frames that arrive on a NIC. */
  groupTeams(nic: number): number {
    let set = 0;
    for (let team = 0; team < this.count; team++) set |= ((this.#group[team] >>> nic) & 1) << team;
    return set;
  }
}
