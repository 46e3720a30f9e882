import type { Arena } from '../memory/arena.ts';

/** The NICs that fail over, and which teams' frames could have used them until then. */
export class LeavingNics {
  readonly #arena: Arena;
  /** By NIC, a bit for each team that it served when it ceased to serve. */
  readonly #teams: Int32Array;

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#teams = new Int32Array(arena.nics.count);
  }

  /** Notes that other NICs serve a team than before. */
  note(team: number, before: readonly number[], serving: readonly number[]): void {
    for (const nic of before) if (!serving.includes(nic)) this.#teams[nic] |= 1 << team;
  }

  /** Raises the flag of each NIC that no longer serves anybody: `all` are the ones that do, as bits. */
  flag(all: number): void {
    const { nics, threads } = this.#arena;
    for (let nic = 0; nic < nics.count; nic++) {
      // A NIC that no longer serves gives back what waits on its queue: that is a failover, whatever brought it about.
      if (((threads.available >>> nic) & 1) === 1 && ((all >>> nic) & 1) === 0) nics.failover[nic] = 1;
      else if (((all >>> nic) & 1) === 1) nics.failover[nic] = 0;
      if (nics.failover[nic] === 0) this.#teams[nic] = 0;
    }
  }

  /** A NIC that fails over and that a team's frames could have used; undefined when there is none. */
  of(team: number): number | undefined {
    const { failover } = this.#arena.nics;
    const nic = this.#teams.findIndex((teams, nic) => failover[nic] === 1 && ((teams >>> team) & 1) === 1);
    return nic < 0 ? undefined : nic;
  }
}
