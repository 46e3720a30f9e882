import { join } from 'node:path';
import { type Composition, composeHost, Host, type WrittenHostConfig } from '@fairlead/core';
import type { PluginDefinition } from '@fairlead/sdk';
import { type DecisionLog, firstAvailable, watchedAdmission, watchedDistribution } from '@fairlead/simulator/decisions';
import { basesOf, type CheckedHostFile } from '../config/check-host-file.ts';
import { replayGuest } from './replay-guest.ts';
import { standInFor } from './stand-in.ts';

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
  const { admission, distribution } = composition.config;
  const driverOf = (nic: string, speedBps = nicSpeedBps) => ({
    use: 'pcap',
    options: { write: join(out, captureName(nic)), format: 'pcapng', stamps: 'ns', speedBps },
  });
  const written = standInFor(composition, driverOf, { distribution: distributionOf(distribution) });
  const definitions = new Map<string, PluginDefinition>();
  const give = (kind: string, use: string | undefined, definition: unknown): void => {
    if (use !== undefined) definitions.set(`${kind}/${use}`, definition as PluginDefinition);
  };
  give('device-emulator', 'replay', replayGuest);
  give('load-distribution', FIRST_AVAILABLE, watchedDistribution(firstAvailable as never, log));
  for (const [i, use] of [admission?.use, admission?.fallback?.use].entries()) {
    const plan = composition.admission.chain[i];
    if (plan !== undefined) give('admission', use, watchedAdmission(plan.definition, log));
  }
  for (const [i, use] of [distribution?.use, distribution?.fallback?.use].entries()) {
    const plan = composition.distribution.chain[i];
    if (plan !== undefined) give('load-distribution', use, watchedDistribution(plan.definition, log));
  }
  const replayed = await composeHost(written, { bases: basesOf(file), definitions });
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
