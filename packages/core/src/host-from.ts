import { composeHost } from './compose.ts';
import type { WrittenHostConfig } from './config.ts';
import { Host } from './host.ts';

/**
 * Makes a host from a written configuration, as read from a file.
 *
 * @example
 * ```ts
 * import { hostFrom } from '@fairlead/core';
 *
 * const written = {
 *   nics: [{ name: 'uplink0', driver: { use: 'memory', options: { speedBps: '1Gbps' } } }],
 *   vms: [{ name: 'web', mac: '52:54:00:00:00:01', device: { use: 'memory' } }],
 * };
 * const host = await hostFrom(written, [process.cwd()]); // plugins are looked for from here
 * ```
 */
export async function hostFrom(written: WrittenHostConfig, bases: readonly string[]): Promise<Host> {
  return new Host(await composeHost(written, { bases }));
}
