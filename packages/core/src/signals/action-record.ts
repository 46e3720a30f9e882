import type { Signal } from '@fairlead/sdk';

/**
 * How it stands with an action. `standing`: it was taken and holds. `expired`, `over`, `undone`, `closed`: it was taken
 * back because its time came, its signal was over, somebody asked for it, or the host was closed. `withheld`: nothing
 * was done, and the reason says why.
 */
export type ActionState = 'standing' | 'expired' | 'over' | 'undone' | 'closed' | 'withheld';

/**
 * What was done about a signal, or why nothing was. Times in microseconds of the host's clock.
 *
 * @example
 * ```ts
 * import type { ActionRecord, ActionState, Host } from '@fairlead/core';
 *
 * function watch(watched: Host): void {
 *   const mark: Partial<Record<ActionState, string>> = { standing: '+', withheld: '?' };
 *   const line = ({ id, state, action, vm, reason }: ActionRecord) => `${mark[state] ?? '-'} ${id} ${action} ${vm}: ${reason}`;
 *   watched.on('action', (record) => console.log(line(record)));
 * }
 * ```
 */
export interface ActionRecord {
  /** What `host.signals.undo` is told. */
  readonly id: number;
  /** What was done, in a word; `none` when it was withheld. */
  readonly action: string;
  /** Name of the responder that did it; empty when it was withheld. */
  readonly responder: string;
  /** Name of the VM; empty when it is about none. */
  readonly vm: string;
  /** Name of the NIC; empty when it is about none. */
  readonly nic: string;
  /** Which chain, as `signals[0]`. */
  readonly where: string;
  /** The signal with its evidence, as it was when this was decided. */
  readonly signal: Signal;
  /** Why, in words. */
  readonly reason: string;
  /** What else was considered, and why it was not done. */
  readonly rejected: readonly string[];
  /** True when it is only said what would have been done. */
  readonly dryRun: boolean;
  /** How it stands with it. */
  readonly state: ActionState;
  /** When it was taken, or withheld. */
  readonly atUs: number;
  /** When it is undone by itself. */
  readonly expiresAtUs: number;
  /** When it was undone; undefined while it stands. */
  readonly endedAtUs: number | undefined;
  /** What went wrong while it was undone; what it held was given back all the same. */
  readonly trouble: string | undefined;
}
