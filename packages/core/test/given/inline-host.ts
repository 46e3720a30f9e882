import type { PluginDefinition } from '@fairlead/sdk';
import { composeHost } from '../../src/compose.ts';
import type { WrittenHostConfig } from '../../src/config.ts';
import { Host } from '../../src/host.ts';
import type { HostParts } from '../../src/host-parts.ts';
import { bundled, type MemoryGuestHand, type MemoryNicHand } from './bundled.ts';
import { macOf } from './frames.ts';

/** A host on the inline runtime, with small memory; VM n has the address `macOf(n)`. */
export async function inlineHost(
  change: Partial<WrittenHostConfig> = {},
  definitions: readonly PluginDefinition[] = [],
  parts: HostParts = {},
): Promise<Host> {
  const given = new Map(definitions.map((definition) => [`${definition.kind}/${definition.name}`, definition]));
  const written: WrittenHostConfig = {
    nics: [memoryNic('nic0'), memoryNic('nic1')],
    vms: [memoryVm(0), memoryVm(1)],
    runtime: { kind: 'inline' },
    memory: { poolFrames: 1024 },
    announce: { count: 0 }, // frames that no VM has sent are in the way of exact counts
    ...change,
  };
  const host = new Host(await composeHost(written, { bases: [bundled], definitions: given }), parts);
  return host.start();
}

export const memoryNic = (name: string, options: object = {}, more: object = {}) => ({
  name,
  driver: { use: 'memory', options: { keep: true, ...options } },
  ...more,
});

export const memoryVm = (vm: number, more: object = {}) => ({
  name: `vm${vm}`,
  mac: macOf(vm),
  device: { use: 'memory' },
  ...more,
});

export const nicOf = (host: Host, name: string): MemoryNicHand => host.nics.driver(name) as unknown as MemoryNicHand;
export const guestOf = (host: Host, name: string): MemoryGuestHand => host.device(name) as unknown as MemoryGuestHand;
