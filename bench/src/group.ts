import type { Part } from './parts.ts';
import type { Workshop } from './workshop.ts';

/** One thing that is measured in every round, in a process of its own; it answers one figure. */
export interface Contender {
  readonly name: string;
  run(): Promise<number>;
}

/** The figures of one round, by contender. */
export type Round = Readonly<Record<string, number>>;

export interface Aim {
  readonly atMost?: number;
  readonly atLeast?: number;
}

/**
 * One row of the table. It is left out when a contender it needs could not be made; `value` is asked for every round,
 * and its median is what is reported.
 */
export interface RowPlan {
  readonly name: string;
  readonly unit: string;
  readonly ours: string;
  readonly peer?: string;
  readonly aim: Aim;
  value(round: Round): number;
}

/** What is open while a group's rounds run. */
interface Session {
  readonly contenders: readonly Contender[];
  readonly rows: readonly RowPlan[];
  close?(): Promise<void>;
}

/** Rows that are measured together. `--only` picks groups by name. */
export interface Group {
  readonly name: string;
  readonly about: string;
  /** Without these nothing of the group can be measured; a contender may need more and be left out alone. */
  readonly needs: readonly Part[];
  open(workshop: Workshop): Promise<Session>;
}

/** A row whose value is one contender's own figure. */
export function figure(name: string, unit: string, ours: string, aim: Aim): RowPlan {
  return { name, unit, ours, aim, value: (round) => round[ours] };
}

/** A row whose value is one contender's figure divided by another's, round by round. */
export function ratio(name: string, ours: string, peer: string, aim: Aim): RowPlan {
  return { name, unit: 'times', ours, peer, aim, value: (round) => round[ours] / round[peer] };
}
