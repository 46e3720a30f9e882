import type { ComposeOptions } from '@fairlead/core';
import { Piscina } from 'piscina';
import type { SimulationResult } from '../result.ts';
import { assertAllConserved } from '../run/accounts.ts';
import type { ClusterScenario } from './check.ts';
import { clusterOutcome } from './outcome.ts';
import { Partition } from './partition.ts';
import type { PartitionResult } from './partition-result.ts';
import type { PartitionTask } from './partition-worker.ts';
import { BrokenOff, Rounds, sharedRounds } from './rounds.ts';
import type { WrittenCluster } from './schema.ts';

/** What `simulateCluster` may be told beside the scenario. */
export interface ClusterOptions {
  /** Threads among which the hosts are divided; 1 is the caller's own. The result does not depend on it. */
  readonly threads?: number;
  /** Is told, now and then, which part of the run is done, from 0 to 1, and how many frames have passed the NICs. */
  readonly progress?: (part: number, frames: number, nowUs: number) => void;
  /** Is told at the end how much memory the process had in use at most, by its threads. */
  readonly resident?: (bytes: number) => void;
}

/** Heap of a thread, at most: that of a thousand hosts takes gigabytes. */
const HEAP_MB = 8192;

/**
 * Runs a scenario of several hosts on the virtual clock. The same scenario gives the same result, however many threads
 * work on it.
 *
 * @throws FairleadError as `simulateChecked` does.
 * @example
 * ```ts
 * import { checkCluster, type ClusterOptions, simulateCluster, type WrittenCluster } from '@fairlead/simulator';
 *
 * async function onTwoThreads(written: WrittenCluster): Promise<string> {
 *   const { scenario, complaints } = await checkCluster(written);
 *   if (scenario === undefined) throw new Error(complaints.map(({ what }) => what).join('; '));
 *   const options: ClusterOptions = { threads: 2 };
 *   const { hosts, digest } = await simulateCluster(scenario, options);
 *   return `${hosts?.length} hosts, ${digest}`;
 * }
 * ```
 */
export async function simulateCluster(
  scenario: ClusterScenario,
  options: ClusterOptions = {},
): Promise<SimulationResult> {
  const parts = partsOf(scenario, options.threads ?? 1);
  const results = parts.length === 1 ? [await alone(scenario, options)] : await together(scenario, parts, options);
  options.resident?.(Math.max(...results.map(({ residentBytes }) => residentBytes)));
  const result = clusterOutcome(scenario, results);
  assertAllConserved(result.accounts);
  return result;
}

/** First host of each thread, and the end; hosts that share a registry are not parted. */
function partsOf({ roster, racks }: ClusterScenario, threads: number): [first: number, end: number][] {
  const count = Math.max(1, Math.min(threads, racks.length));
  const bounds = Array.from(
    { length: count + 1 },
    (_, i) => racks[Math.round((i * racks.length) / count)] ?? roster.hosts.length,
  );
  return bounds.slice(1).map((end, i) => [bounds[i] as number, end]);
}

async function alone(scenario: ClusterScenario, { progress }: ClusterOptions): Promise<PartitionResult> {
  const rounds = new Rounds(sharedRounds(1), 0);
  const partition = await Partition.make(scenario, 0, scenario.roster.hosts.length, rounds);
  try {
    return await partition.run(progress);
  } finally {
    await partition.close();
  }
}

async function together(
  scenario: ClusterScenario,
  parts: readonly (readonly [number, number])[],
  { progress }: ClusterOptions,
): Promise<PartitionResult[]> {
  const pool = new Piscina({
    filename: new URL('./partition-worker.js', import.meta.url).href,
    minThreads: parts.length,
    maxThreads: parts.length,
    concurrentTasksPerWorker: 1,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  const rounds = sharedRounds(parts.length);
  const { written, seed, duration, warmUp } = scenario;
  const told = parts.map(() => ({ part: 0, frames: 0, nowUs: 0 }));
  pool.on(
    'message',
    ({ thread, part, frames, nowUs }: { thread: number; part: number; frames: number; nowUs: number }) => {
      told[thread] = { part, frames, nowUs };
      const all = told.reduce((sum, one) => sum + one.frames, 0);
      progress?.(Math.min(...told.map((one) => one.part)), all, nowUs);
    },
  );
  try {
    const tasks = parts.map(([first, end], thread): PartitionTask => {
      const common = { rounds, thread, first, end, tells: progress !== undefined };
      return {
        ...common,
        written: written as WrittenCluster,
        options: plain(scenario.options),
        seed,
        duration,
        warmUp,
      };
    });
    const outcomes = await Promise.allSettled(
      tasks.map((task) => pool.run(task, { name: 'simulatePartition' }) as Promise<PartitionResult>),
    );
    const failures = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : []));
    if (failures.length > 0) throw failures.find(({ name }) => name !== BrokenOff.name) ?? failures[0];
    return outcomes.map((one) => (one as PromiseFulfilledResult<PartitionResult>).value);
  } finally {
    await pool.destroy();
  }
}

/** Plugins that are given as they are cannot go to another thread; those that are found can be found there. */
function plain({ bases }: ComposeOptions): ComposeOptions {
  return bases === undefined ? {} : { bases: bases.map(String) };
}
