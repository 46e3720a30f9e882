import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const TICKS_PER_SECOND = 100;

/** Processor time that a process has had, in seconds (proc(5), `utime` and `stime` of `stat`). */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the program is in parentheses and may hold anything.
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) / TICKS_PER_SECOND;
}

/** Which part of one processor a process has over a time. */
export async function cpuShare(pid: number, overMs: number): Promise<number> {
  const [startMs, start] = [performance.now(), cpuSeconds(pid)];
  await pause(overMs);
  return ((cpuSeconds(pid) - start) * 1_000) / (performance.now() - startMs);
}

/**
 * The CPU quota of the control group that a process is in (cgroups(7)), as a part of one processor; undefined when it
 * has none.
 */
export function cpuQuota(pid: number): number | undefined {
  const memberships = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  const version1 = memberships.find(([, controllers]) => controllers?.split(',').includes('cpu'));
  const path = (version1 ?? memberships.find(([number]) => number === '0'))?.[2] ?? '/';
  const mount = mounts.find((fields) => {
    const [type, , options] = fields.slice(fields.indexOf('-') + 1);
    return version1 === undefined ? type === 'cgroup2' : type === 'cgroup' && options?.split(',').includes('cpu');
  });
  const [, , , root = '/', at = ''] = mount ?? [];
  const read = (file: string): string | undefined => {
    const whole = join(at, relative(root, path), file);
    return existsSync(whole) ? readFileSync(whole, 'utf8').trim() : undefined;
  };
  const [quota, period] =
    version1 === undefined
      ? (read('cpu.max')?.split(' ') ?? [])
      : [read('cpu.cfs_quota_us'), read('cpu.cfs_period_us')];
  if (quota === undefined || quota === 'max' || Number(quota) < 0) return undefined;
  return Number(quota) / Number(period);
}
