import type { Contender, Round, RowPlan } from './group.ts';

/** A row as measured. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  /** (largest − smallest) / median over the rounds. */
  readonly spread: number;
  /** The contenders' own medians. */
  readonly ours: number;
  readonly peer: number | undefined;
  readonly peerName: string | undefined;
  readonly aim: { readonly atMost?: number; readonly atLeast?: number };
  readonly met: boolean;
}

/** Runs every contender once per round, one behind the other, so that a slow minute of the machine meets them all. */
export async function interleave(
  contenders: readonly Contender[],
  rounds: number,
  progress: (round: number, contender: string) => void,
): Promise<Round[]> {
  const done: Round[] = [];
  for (let round = 0; round < rounds; round++) {
    const figures: Record<string, number> = {};
    for (const contender of contenders) {
      progress(round, contender.name);
      figures[contender.name] = await contender.run();
    }
    done.push(figures);
  }
  return done;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function spread(values: readonly number[]): number {
  const middle = median(values);
  return middle === 0 ? 0 : (Math.max(...values) - Math.min(...values)) / Math.abs(middle);
}

/** The row's figures, or undefined when a contender that it compares was left out. */
export function summarise(plan: RowPlan, rounds: readonly Round[]): Row | undefined {
  const contenders = plan.peer === undefined ? [plan.ours] : [plan.ours, plan.peer];
  if (rounds.length === 0 || contenders.some((name) => rounds.some((round) => round[name] === undefined)))
    return undefined;
  const values = rounds.map((round) => plan.value(round));
  const value = median(values);
  const { atMost, atLeast } = plan.aim;
  return {
    name: plan.name,
    unit: plan.unit,
    value,
    spread: spread(values),
    ours: median(rounds.map((round) => round[plan.ours])),
    peer: plan.peer === undefined ? undefined : median(rounds.map((round) => round[plan.peer as string])),
    peerName: plan.peer,
    aim: plan.aim,
    met: (atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast),
  };
}
