import { type Composition, composeHost, type WrittenHostConfig } from '@fairlead/core';
import type { PluginDefinition } from '@fairlead/sdk';
import type { DecisionLog } from '../decisions/decision-log.ts';
import { firstAvailable, watchedAdmission, watchedDistribution } from '../decisions/watched-policies.ts';
import { simulatedNic } from '../network/simulated-nic.ts';
import type { Scenario } from '../scenario/check.ts';
import type { NetworkEntry } from '../scenario/schema.ts';
import { simulatedGuest } from '../traffic/guest.ts';

/** Speed of a NIC whose driver names none and of which the scenario says nothing, in bit/s. */
const DEFAULT_SPEED_BPS = 1e9;

/** What the scenario says of a NIC's network. */
export function networkOf({ network }: Scenario, nic: string): NetworkEntry {
  return { ...network['*'], ...network[nic] };
}

/** What a simulated NIC is told by the options of the driver that it stands for. */
export interface DriverFacts {
  readonly speedBps: number;
  readonly up: boolean;
  readonly delayUs: number;
  readonly lossRate: number;
}

export function driverFacts(scenario: Scenario, nic: number): DriverFacts {
  const options = (scenario.host.nics[nic]?.options ?? {}) as Record<string, unknown>;
  const number = (key: string): number | undefined =>
    typeof options[key] === 'number' ? (options[key] as number) : undefined;
  const said = networkOf(scenario, scenario.host.config.nics[nic]?.name ?? '');
  return {
    speedBps: said.speedBps ?? (number('speedBps') || DEFAULT_SPEED_BPS),
    up: options['up'] !== false,
    delayUs: said.delay ?? number('latencyUs') ?? 0,
    lossRate: said.lossRate ?? number('loss') ?? 0,
  };
}

/**
 * The host of a scenario as it is simulated: inline, on the virtual clock; the same policies, watched; each NIC a line
 * into the simulated network; each VM a guest that runs the scenario's senders.
 */
export async function composeSimulated(scenario: Scenario, log: DecisionLog): Promise<Composition> {
  const { host, options } = scenario;
  const { hypervisor: _, ...config } = host.config;
  const nics = config.nics.map((nic, i) => {
    const { speedBps, up } = driverFacts(scenario, i);
    return { ...nic, driver: { use: 'simulated-nic', options: { speedBps, up } } };
  });
  const vms = config.vms.map(({ port: _port, ...vm }) => ({ ...vm, device: { use: 'simulated-guest' } }));
  const last = { use: firstAvailable.name };
  const { admission, distribution } = config;
  const written = {
    ...config,
    seed: scenario.seed,
    nics,
    vms,
    ports: [],
    // With what the host would fall back on written out, so that its choices are in the log as well.
    distribution:
      distribution === undefined ? last : { ...unhurried(distribution), fallback: distribution.fallback ?? last },
    ...(admission === undefined ? {} : { admission: unhurried(admission) }),
    runtime: { ...config.runtime, kind: 'inline', workers: 1 },
  };
  const definitions = new Map<string, PluginDefinition>(options.definitions);
  const give = (kind: string, use: string | undefined, definition: unknown): void => {
    if (use !== undefined) definitions.set(`${kind}/${use}`, definition as PluginDefinition);
  };
  give('nic-driver', simulatedNic.name, simulatedNic);
  give('device-emulator', simulatedGuest.name, simulatedGuest);
  give('load-distribution', last.use, watchedDistribution(firstAvailable as never, log));
  for (const [i, use] of [admission?.use, admission?.fallback?.use].entries()) {
    const plan = host.admission.chain[i];
    if (plan !== undefined) give('admission', use, watchedAdmission(plan.definition, log));
  }
  for (const [i, use] of [distribution?.use, distribution?.fallback?.use].entries()) {
    const plan = host.distribution.chain[i];
    if (plan !== undefined) give('load-distribution', use, watchedDistribution(plan.definition, log));
  }
  // What shadows would do is not in the log, also where one is the very plugin that decides.
  const composition = await composeHost(written as unknown as WrittenHostConfig, { ...options, definitions });
  return { ...composition, shadows: host.shadows };
}

/** A policy without bounds on real time and memory: a run must not depend on how fast the machine is. */
function unhurried<T extends { readonly budget: { readonly controlMs: number } }>(policy: T) {
  return { ...policy, budget: { controlMs: policy.budget.controlMs } };
}
