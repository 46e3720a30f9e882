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
    const { nics, vms } = this.#arena;
    const named = (numbers: readonly number[]): string[] => numbers.map((nic) => nics.names[nic] ?? String(nic));
    this.add({
      atUs,
      team: this.#teams[move.team] ?? String(move.team),
      ...(vm === undefined ? {} : { vm: vms.names[vm] ?? String(vm) }),
      ...(what === undefined ? {} : { what }),
      policy,
      ...(leftOut === 0 ? {} : { leftOut }),
      from: named(from),
      to: named(to),
      cause,
    });
  }

  /** All of them, the oldest first. */
  list(): TeamMove[] {
    return [...this.#ofTeams, ...this.#ofPolicies].sort((one, other) => one.atUs - other.atUs);
  }
}
