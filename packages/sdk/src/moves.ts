/**
 * Frames that go over another NIC from now on, because load distribution has moved what they belong to. NICs and teams by
 * number.
 *
 * @example
 * ```ts
 * import type { PolicyMove } from '@fairlead/sdk';
 *
 * const move: PolicyMove = { team: 0, what: 'bucket 17', from: [0], to: [1], cause: 'uneven load' };
 * ```
 */
export interface PolicyMove {
  /** Team of the VMs whose frames they are. */
  readonly team: number;
  /** The VM, when it has moved as a whole. */
  readonly vm?: number;
  /** What of a team or VM has moved, as people would say: `bucket 17`, `43 buckets`; left out: all of it. */
  readonly what?: string;
  /** NICs that it is moved from. */
  readonly from: readonly number[];
  /** NICs that it is moved to. */
  readonly to: readonly number[];
  /** Why, in words. */
  readonly cause: string;
}

/**
 * Where load distribution tells what it has moved, for `fairlead team moves`. The host keeps the latest ones; of more
 * than 64 in a second it keeps the number alone. Not for single frames: what moves by thousands is told as a sum.
 *
 * @example
 * ```ts
 * import { inject, type LoadDistribution, type MoveLog, Moves, Nics, type NicTable, type TransmitBatch } from '@fairlead/sdk';
 *
 * // All frames over the first NIC there is.
 * class First implements LoadDistribution {
 *   #nic = -1;
 *
 *   constructor(
 *     @inject(Nics) private readonly nics: NicTable,
 *     @inject(Moves) private readonly moves: MoveLog,
 *   ) {}
 *
 *   select(batch: TransmitBatch): undefined {
 *     const nic = this.nics.available[0];
 *     if (nic !== this.#nic && this.#nic >= 0)
 *       this.moves.moved({ team: 0, from: [this.#nic], to: [nic], cause: 'its NIC is not available' });
 *     this.#nic = nic;
 *     batch.nic.fill(nic, 0, batch.count);
 *   }
 * }
 * ```
 */
export interface MoveLog {
  /** Takes down a move. May allocate: call it where something has moved, and not for every batch. */
  moved(move: PolicyMove): void;
}
