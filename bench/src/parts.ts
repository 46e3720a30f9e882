import { spawnSync } from 'node:child_process';

/** Things of the machine that a row may need. */
export type Part = 'linux' | 'root' | 'gcc' | 'ip' | 'ethtool' | 'taskset' | 'ovs-vswitchd' | 'two cores';

/** What enables a part: the Debian package, or what to do where it is not a package. */
const ENABLED_BY: Readonly<Record<Part, string>> = {
  linux: 'run on Linux',
  root: 'run as root, for network namespaces and packet sockets',
  gcc: 'Debian package gcc (with libc6-dev)',
  ip: 'Debian package iproute2',
  ethtool: 'Debian package ethtool',
  taskset: 'Debian package util-linux',
  'ovs-vswitchd': 'Debian package openvswitch-switch',
  'two cores': 'a machine with two cores or more',
};

function has(part: Part, cores: number): boolean {
  switch (part) {
    case 'linux':
      return process.platform === 'linux';
    case 'root':
      return process.getuid?.() === 0;
    case 'two cores':
      return cores >= 2;
    default:
      return spawnSync('sh', ['-c', `command -v ${part}`], { env: searched(), stdio: 'ignore' }).status === 0;
  }
}

/** Debian keeps daemons where an ordinary user's PATH does not look. */
export function searched(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin` };
}

/** The parts that are missing, each with what would enable it. */
export function missingParts(parts: readonly Part[], cores: number): string[] {
  return parts.filter((part) => !has(part, cores)).map((part) => `${part} (${ENABLED_BY[part]})`);
}
