import type { SimulatedHypervisorOptions } from './options.ts';

/** One round of copying. */
export interface Round {
  readonly us: number;
  /** What is left to copy, before it and after it, as a fraction of the VM's memory. */
  readonly before: number;
  readonly after: number;
}

/**
 * The rounds in which the memory of a running VM is copied (Clark et al., Live Migration of Virtual Machines, 2005): each
 * copies what the VM has written to in the one before, until the rest takes no longer than the downtime. Undefined when
 * that never comes.
 *
 * ```
 *   memory   ████████████
 *   dirtied              ████      dirty rate / bandwidth of it
 *   dirtied                  █▌    and so on, down to downtime × bandwidth
 * ```
 */
export function preCopyRounds(options: SimulatedHypervisorOptions, isRunning: boolean): readonly Round[] | undefined {
  const { memoryBytes, bandwidthBps, downtimeMs, mostRounds } = options;
  const dirtyBps = isRunning ? options.dirtyBps : 0;
  const rounds: Round[] = [];
  let left = memoryBytes;
  do {
    if (left === 0) break;
    if (rounds.length === mostRounds) return undefined;
    const us = (left * 8e6) / bandwidthBps;
    const dirtied = Math.min(memoryBytes, (dirtyBps * us) / 8e6);
    rounds.push({ us, before: left / memoryBytes, after: dirtied / memoryBytes });
    left = dirtied;
  } while ((left * 8e3) / bandwidthBps > downtimeMs);
  return rounds;
}
