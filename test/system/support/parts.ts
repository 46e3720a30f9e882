import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { guestImage } from './guest-image.ts';

/** The Debian package that brings each program. */
const PACKAGES = {
  'apt-get': 'apt',
  cpio: 'cpio',
  'nats-server': 'nats-server',
  dpkg: 'dpkg',
  ethtool: 'ethtool',
  gcc: 'gcc',
  ip: 'iproute2',
  iperf3: 'iperf3',
  'ovs-vsctl': 'openvswitch-switch',
  ping: 'iputils-ping',
  'qemu-system-x86_64': 'qemu-system-x86',
  setpriv: 'util-linux',
  tcpdump: 'tcpdump',
} as const;

/** A program, or something the machine must allow or provide. */
export type Part = keyof typeof PACKAGES | 'root' | 'namespaces' | 'guest-image';

export interface Parts {
  /** Whether the tests that need these parts are to be skipped. */
  readonly skip: boolean;
  /** One line per missing part: what is missing, and what to do. */
  readonly missing: readonly string[];
}

/**
 * Looks for the parts that a system test needs. What is missing is printed with the Debian package that brings it, and
 * the test is to be skipped; with `FAIRLEAD_CI=1`, where nothing may be left out, a missing part is an error.
 *
 * @example
 * const parts = requireParts('two guests', ['root', 'namespaces', 'ip', 'ethtool', 'qemu-system-x86_64']);
 * describe.skipIf(parts.skip)('two guests', () => { … });
 */
export function requireParts(test: string, needed: readonly Part[]): Parts {
  const missing: string[] = [];
  for (const part of needed) {
    const mend = whatIsMissing(part);
    if (mend !== undefined) missing.push(mend);
  }
  if (missing.length === 0) return { skip: false, missing };
  const reason = `${test}: ${missing.join('; ')}`;
  if (process.env['FAIRLEAD_CI'] === '1') throw new Error(`a part is missing in CI: ${reason}`);
  process.stderr.write(`skipped: ${reason}\n`);
  return { skip: true, missing };
}

function whatIsMissing(part: Part): string | undefined {
  if (part === 'root') {
    return process.getuid?.() === 0 ? undefined : 'needs root (sudo npm test)';
  }
  if (part === 'namespaces') {
    return mayCreateNamespaces() ? undefined : 'needs the right to make network namespaces, veth and bridges';
  }
  if (part === 'guest-image') return guestImageProblem();
  return isOnPath(part) ? undefined : `needs ${part} (apt-get install ${PACKAGES[part]})`;
}

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Tries it, in a namespace that is gone when the probe ends. */
function mayCreateNamespaces(): boolean {
  const probe = 'ip link add veth0 type veth peer name veth1 && ip link add br0 type bridge';
  return spawnSync('unshare', ['--net', '--mount', 'sh', '-c', probe], { timeout: 5_000 }).status === 0;
}

function guestImageProblem(): string | undefined {
  try {
    guestImage();
    return undefined;
  } catch (error) {
    return `needs the guest image (${(error as Error).message})`;
  }
}
