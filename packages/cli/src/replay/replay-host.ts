import { join } from 'node:path';
import { type Composition, composeHost, Host, type WrittenHostConfig } from '@fairlead/core';
import type { PluginDefinition } from '@fairlead/sdk';
import { type DecisionLog, firstAvailable, watchedAdmission, watchedDistribution } from '@fairlead/simulator/decisions';
import { basesOf, type CheckedHostFile } from '../config/check-host-file.ts';
import { replayGuest } from './replay-guest.ts';

/** Name of the capture of a NIC, in the output folder. */
export const captureName = (nic: string): string => `${nic}.pcapng`;

/**
 * The host of a configuration as a replay runs it: inline, on the virtual clock; the same policies, watched; each NIC a
 * line of its speed that ends in a file; each VM a guest that is handed what to send.
 */
export async function replayHost(
  checked: CheckedHostFile,
  out: string,
  nicSpeedBps: number,
  log: DecisionLog,
): Promise<ReplayHost> {
  const { file, composition } = checked;
  const { hypervisor: _, ...config } = composition.config;
  const nics = config.nics.map((nic, i) => {
    const speedBps = speedOf(composition.nics[i]?.options) ?? nicSpeedBps;
    return {
      ...nic,
      driver: {
        use: 'pcap',
        options: { write: join(out, captureName(nic.name)), format: 'pcapng', stamps: 'ns', speedBps },
      },
    };
  });
  const vms = config.vms.map(({ port: _port, ...vm }) => ({ ...vm, start: true, device: { use: 'replay' } }));
  const written = {
    ...config,
    nics,
    vms,
    ports: [],
    distribution: distributionOf(config.distribution),
    runtime: { ...config.runtime, kind: 'inline', workers: 1 },
    announce: { ...config.announce, count: 0 }, // no capture holds them
  };
  const definitions = new Map<string, PluginDefinition>();
  const give = (kind: string, use: string | undefined, definition: unknown): void => {
    if (use !== undefined) definitions.set(`${kind}/${use}`, definition as PluginDefinition);
  };
  give('device-emulator', 'replay', replayGuest);
  give('load-distribution', FIRST_AVAILABLE, watchedDistribution(firstAvailable as never, log));
  const { admission, distribution } = composition.config;
  for (const [i, use] of [admission?.use, admission?.fallback?.use].entries()) {
    const plan = composition.admission.chain[i];
    if (plan !== undefined) give('admission', use, watchedAdmission(plan.definition, log));
  }
  for (const [i, use] of [distribution?.use, distribution?.fallback?.use].entries()) {
    const plan = composition.distribution.chain[i];
    if (plan !== undefined) give('load-distribution', use, watchedDistribution(plan.definition, log));
  }
  const replayed = await composeHost(written as unknown as WrittenHostConfig, { bases: basesOf(file), definitions });
  const host = new Host(replayed);
  log.watch(host.arena.nics);
  return { host, composition: replayed };
}

/** A host and what it is made of. */
export interface ReplayHost {
  readonly host: Host;
  readonly composition: Composition;
}

const FIRST_AVAILABLE = 'first-available';

type Distribution = CheckedHostFile['composition']['config']['distribution'];

/** With what the host would fall back on written out, so that its choices are in the log as well. */
function distributionOf(distribution: Distribution): NonNullable<WrittenHostConfig['distribution']> {
  const last = { use: FIRST_AVAILABLE };
  return distribution === undefined ? last : { ...distribution, fallback: distribution.fallback ?? last };
}

/** The speed that a driver's options give its NIC, where they do. */
function speedOf(options: unknown): number | undefined {
  const speedBps = (options as { speedBps?: unknown } | undefined)?.speedBps;
  return typeof speedBps === 'number' && speedBps > 0 ? speedBps : undefined;
}
