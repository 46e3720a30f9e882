import type { PolicyMove } from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';
import type { TeamMove } from './team-status.ts';

/** Moves that are kept of each sort. */
const MOST_KEPT = 256;

/**
 * The latest moves. Those of load distribution have a page of their own: however many there are, what became of the
 * teams is not pushed out by them.
 *
 * @example
 * ```ts
 * import type { Host, MoveBook } from '@fairlead/core';
 *
 * const causes = ({ teams: { book } }: Host): string[] => (book satisfies MoveBook).list().map(({ cause }) => cause);
 * ```
 */
export class MoveBook {
  readonly #arena: Pick<Arena, 'nics' | 'vms'>;
  readonly #teams: readonly string[];
  readonly #told: (move: TeamMove) => void;
  readonly #ofTeams: TeamMove[] = [];
  readonly #ofPolicies: TeamMove[] = [];

  constructor(arena: Pick<Arena, 'nics' | 'vms'>, teams: readonly string[], told: (move: TeamMove) => void) {
    this.#arena = arena;
    this.#teams = teams;
    this.#told = told;
  }

  /** Takes down a move. */
  add(move: TeamMove): void {
    const page = move.policy === undefined ? this.#ofTeams : this.#ofPolicies;
    page.push(move);
    if (page.length > MOST_KEPT) page.shift();
    this.#told(move);
  }

  /** Takes down what a load distribution has moved, and how many of its moves before that were too many to be told. */
  addOfPolicy(policy: string, move: PolicyMove, leftOut: number, atUs: number): void {
    const { vm, what, from, to, cause } = move;
    const { vms } = this.#arena;
    this.add({
      atUs,
      team: this.#teams[move.team] ?? String(move.team),
      ...(vm === undefined ? {} : { vm: vms.names[vm] ?? String(vm) }),
      ...(what === undefined ? {} : { what }),
      policy,
      ...(leftOut === 0 ? {} : { leftOut }),
      from: this.named(from),
      to: this.named(to),
      cause,
    });
  }

  /** Takes down that other NICs carry all VMs of a team. */
  addOfTeam(team: number, from: readonly number[], to: readonly number[], atUs: number, cause: string): void {
    this.add({ atUs, team: this.#teams[team] as string, from: this.named(from), to: this.named(to), cause });
  }

  /** Takes down that other NICs carry one VM. */
  addOfVm(vm: number, from: readonly number[], to: readonly number[], atUs: number, cause: string): void {
    const { names, team } = this.#arena.vms;
    const about = { team: this.#teams[team[vm]] as string, vm: names[vm] as string };
    this.add({ atUs, ...about, from: this.named(from), to: this.named(to), cause });
  }

  /** NICs by their names. */
  named(nics: readonly number[]): string[] {
    return nics.map((nic) => this.#arena.nics.names[nic] ?? String(nic));
  }

  /** All of them, the oldest first. */
  list(): TeamMove[] {
    return [...this.#ofTeams, ...this.#ofPolicies].sort((one, other) => one.atUs - other.atUs);
  }
}
