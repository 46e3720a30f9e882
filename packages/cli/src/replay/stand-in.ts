import type { Composition, HostConfig, WrittenHostConfig } from '@fairlead/core';

/** The driver of a NIC that stands in for a configured one. */
interface StandInDriver {
  readonly use: string;
  readonly options: object;
}

/**
 * A configuration without anything real: inline, on the virtual clock; each NIC by the driver that is given for it and
 * for its speed, where its own options name one; each VM a guest that is handed what to send. What the host would say
 * by itself, such as announcements, is left out.
 */
export function standInFor(
  { config, nics }: Composition,
  driverOf: (nic: string, speedBps: number | undefined) => StandInDriver,
  more: Partial<WrittenHostConfig> = {},
): WrittenHostConfig {
  const { hypervisor: _, ...rest }: HostConfig = config;
  const written = {
    ...rest,
    nics: rest.nics.map((nic, i) => ({ ...nic, driver: driverOf(nic.name, speedOf(nics[i]?.options)) })),
    vms: rest.vms.map(({ port: _port, ...vm }) => ({ ...vm, start: true, device: { use: 'replay' } })),
    ports: [],
    runtime: { ...rest.runtime, kind: 'inline', workers: 1 },
    announce: { ...rest.announce, count: 0 },
    ...more,
  };
  return written as unknown as WrittenHostConfig;
}

/** The speed that a driver's options give its NIC, where they do. */
function speedOf(options: unknown): number | undefined {
  const speedBps = (options as { speedBps?: unknown } | undefined)?.speedBps;
  return typeof speedBps === 'number' && speedBps > 0 ? speedBps : undefined;
}
