import path from 'node:path';
import type { MachineFiles } from './machine-files.ts';
import { Obstacle } from './refusal.ts';

/** The control group that rules a process's CPU time. */
export interface CpuGroup {
  /** Of the hierarchy that has the cpu controller: `cpu.cfs_quota_us`, or `cpu.max`. */
  readonly version: 1 | 2;
  /** Its directory. */
  readonly directory: string;
  /** The directory of the hierarchy's root, as far up as it is mounted. */
  readonly root: string;
}

const MOUNT = 'run Fairlead where the cgroup file system of the machine is mounted';

interface Mount {
  readonly root: string;
  readonly at: string;
  readonly type: string;
  readonly options: readonly string[];
}

/**
 * Finds the group of a process: version 1 if the cpu controller is mounted there, else version 2 (cgroups(7),
 * proc(5) on `/proc/PID/cgroup` and `/proc/PID/mountinfo`).
 *
 * @throws Error that says what is missing.
 */
export async function cpuGroupOf(pid: number, files: MachineFiles): Promise<CpuGroup> {
  const mounts = (await files.read('/proc/self/mountinfo')).split('\n').map(readMount);
  const memberships = (await files.read(`/proc/${pid}/cgroup`)).split('\n').map(readMembership);
  for (const version of [1, 2] as const) {
    const own = memberships.find(({ number, controllers }) =>
      version === 1 ? controllers.includes('cpu') : number === '0',
    );
    const mount = mounts.find(({ type, options }) =>
      version === 1 ? type === 'cgroup' && options.includes('cpu') : type === 'cgroup2',
    );
    if (own === undefined || mount === undefined) continue;
    const below = path.relative(mount.root, own.path);
    if (below === '..' || below.startsWith('../'))
      throw new Obstacle(`its control group ${own.path} is not mounted here`, MOUNT);
    return { version, directory: path.join(mount.at, below), root: mount.at };
  }
  throw new Obstacle('no cgroup file system with the cpu controller is mounted', MOUNT);
}

/** `36 35 98:0 /root /mount/point rw,noatime shared:1 - type source options` */
function readMount(line: string): Mount {
  const [before = '', after = ''] = line.split(' - ');
  const [, , , root = '', at = ''] = before.split(' ').map(unescaped);
  const [type = '', , options = ''] = after.split(' ');
  return { root, at, type, options: options.split(',') };
}

/** `4:cpu,cpuacct:/system.slice`, or `0::/system.slice` of version 2. */
function readMembership(line: string): { number: string; controllers: string[]; path: string } {
  const [number = '', controllers = '', ...rest] = line.split(':');
  return { number, controllers: controllers.split(','), path: rest.join(':') };
}

/** Space, tab, newline and backslash are written in octal. */
function unescaped(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
