import path from 'node:path';
import type { CpuGroup } from './cgroup.ts';
import type { MachineFiles } from './machine-files.ts';

/** The scheduler's default, and the most that it takes (Linux, Documentation/scheduler/sched-bwc.rst). */
const PERIOD_US = 100_000;
const LONGEST_PERIOD_US = 1_000_000;
/** The least that it takes. */
const LEAST_QUOTA_US = 1000;

/** So much CPU time in each period, over all processors. */
export interface CpuBandwidth {
  readonly quotaUs: number;
  readonly periodUs: number;
}

/** The bandwidth of a number of processors, as 0.25 or 3. Below 0.001 it is as little as the scheduler gives. */
export function bandwidthOf(processors: number): CpuBandwidth {
  const periodUs = processors * PERIOD_US >= LEAST_QUOTA_US ? PERIOD_US : LONGEST_PERIOD_US;
  return { periodUs, quotaUs: Math.max(LEAST_QUOTA_US, Math.round(processors * periodUs)) };
}

/** How many processors a group may use, and those above it let it; Infinity where none is limited. */
export async function processorsOf({ version, directory, root }: CpuGroup, files: MachineFiles): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let at = directory; at.startsWith(root); at = path.dirname(at)) {
    const { quotaUs, periodUs } = await read(version, at, files);
    if (quotaUs > 0) least = Math.min(least, quotaUs / periodUs);
    if (at === path.dirname(at)) break;
  }
  return least;
}

/** Limits a group. */
export async function limit(
  version: 1 | 2,
  directory: string,
  { quotaUs, periodUs }: CpuBandwidth,
  files: MachineFiles,
): Promise<void> {
  if (version === 2) {
    await files.write(path.join(directory, 'cpu.max'), `${quotaUs} ${periodUs}`);
    return;
  }
  if ((await read(1, directory, files)).periodUs !== periodUs) {
    // The old quota with the new period may be more than the group above has, which the kernel refuses.
    await files.write(path.join(directory, 'cpu.cfs_quota_us'), '-1');
    await files.write(path.join(directory, 'cpu.cfs_period_us'), `${periodUs}`);
  }
  await files.write(path.join(directory, 'cpu.cfs_quota_us'), `${quotaUs}`);
}

/** A quota of 0 stands for none. */
async function read(version: 1 | 2, directory: string, files: MachineFiles): Promise<CpuBandwidth> {
  const numberIn = async (file: string): Promise<number> => {
    const text = await files.read(path.join(directory, file)).catch(() => '');
    return Math.max(0, Number.parseInt(text, 10) || 0);
  };
  if (version === 1) {
    return {
      quotaUs: await numberIn('cpu.cfs_quota_us'),
      periodUs: (await numberIn('cpu.cfs_period_us')) || PERIOD_US,
    };
  }
  const text = await files.read(path.join(directory, 'cpu.max')).catch(() => ''); // the root has none
  const [quota = 'max', period = ''] = text.trim().split(' ');
  return { quotaUs: Number.parseInt(quota, 10) || 0, periodUs: Number.parseInt(period, 10) || PERIOD_US };
}
