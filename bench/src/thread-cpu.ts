import { execFileSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import path from 'node:path';
import { missingParts } from './parts.ts';

/**
 * Keeps the calling thread, and no other of the process, on one core: garbage collection and compilation go on elsewhere,
 * as they do for a forwarding worker. Returns false, having done nothing, where the machine can't.
 */
export function keepThreadOn(cpu: number): boolean {
  if (missingParts(['linux', 'taskset'], Number.POSITIVE_INFINITY).length > 0) return false;
  const thread = path.basename(readlinkSync('/proc/thread-self'));
  execFileSync('taskset', ['-cp', String(cpu), thread], { stdio: 'ignore' });
  return true;
}
