import { parentPort } from 'node:worker_threads';
import type { ComposeOptions } from '@fairlead/core';
import { checkCluster } from './check.ts';
import { Partition } from './partition.ts';
import type { PartitionResult } from './partition-result.ts';
import { Rounds, type SharedRounds } from './rounds.ts';
import type { WrittenCluster } from './schema.ts';

/** What a thread is told: the scenario as it was written, and which of its hosts it simulates. */
export interface PartitionTask {
  readonly written: WrittenCluster;
  readonly options: ComposeOptions;
  /** May have been set anew since it was written. */
  readonly seed: number;
  readonly duration: number;
  readonly warmUp: number;
  readonly rounds: SharedRounds;
  readonly thread: number;
  readonly first: number;
  readonly end: number;
  /** Tells how far it is. */
  readonly tells: boolean;
}

/** Simulates the hosts of one thread. */
export async function simulatePartition(task: PartitionTask): Promise<PartitionResult> {
  const rounds = new Rounds(task.rounds, task.thread);
  try {
    const { seed, duration, warmUp, first, end, thread } = task;
    const { scenario } = await checkCluster({ ...task.written, seed }, task.options);
    if (scenario === undefined) throw new Error('the scenario was right before');
    const partition = await Partition.make({ ...scenario, duration, warmUp }, first, end, rounds);
    try {
      const tell = (part: number, frames: number, nowUs: number): void =>
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
        parentPort?.postMessage({ thread, part, frames, nowUs });
      return await partition.run(task.tells ? tell : undefined);
    } finally {
      await partition.close();
    }
  } catch (cause) {
    rounds.fail();
    throw cause;
  }
}
