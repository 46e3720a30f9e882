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

/** What of a scenario says how a host of it is simulated. */
export type Simulated = Pick<Scenario, 'host' | 'options' | 'seed' | 'network'>;

/** What the scenario says of a NIC's network. */
export function networkOf({ network }: Simulated, nic: string): NetworkEntry {
  return { ...network['*'], ...network[nic] };
}

/** What a simulated NIC is told by the options of the driver that it stands for. */
export interface DriverFacts {
  readonly speedBps: number;
  readonly up: boolean;
  readonly delayUs: number;
  readonly lossRate: number;
}

export function driverFacts(scenario: Simulated, nic: number): DriverFacts {
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

/** What a host has beside others: parts of its configuration, and the plugins that they name. */
export interface Beside {
  readonly config: object;
  readonly definitions: ReadonlyMap<string, PluginDefinition>;
}
const ALONE: Beside = { config: {}, definitions: new Map() };

/**
 * The host of a scenario as it is simulated: inline, on the virtual clock; each NIC a line into the simulated network;
 * each VM a guest that runs the scenario's senders. `watchedBy` has its policies watched. A host alone has neither
 * hypervisor nor registry.
 */
export function composeSimulated(scenario: Simulated, beside: Beside = ALONE): Promise<Composition> {
  const { host, options } = scenario;
  const { hypervisor: _hypervisor, registry: _registry, ...config } = host.config;
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
    ...beside.config,
  };
  const definitions = new Map<string, PluginDefinition>([...(options.definitions ?? []), ...beside.definitions]);
  definitions.set(`nic-driver/${simulatedNic.name}`, simulatedNic as unknown as PluginDefinition);
  definitions.set(`device-emulator/${simulatedGuest.name}`, simulatedGuest as unknown as PluginDefinition);
  definitions.set(`load-distribution/${firstAvailable.name}`, firstAvailable as unknown as PluginDefinition);
  return composeHost(written as unknown as WrittenHostConfig, { ...options, definitions });
}

/** The same host, whose policies write down what they decide; what shadows would do is not in the log. */
export function watchedBy(host: Composition, log: DecisionLog): Composition {
  const { admission, distribution } = host;
  return {
    ...host,
    admission: {
      ...admission,
      chain: admission.chain.map((plan) => ({ ...plan, definition: watchedAdmission(plan.definition, log) })),
    },
    distribution: {
      ...distribution,
      chain: distribution.chain.map((plan) => ({ ...plan, definition: watchedDistribution(plan.definition, log) })),
    },
  };
}

/** A policy without bounds on real time and memory: a run must not depend on how fast the machine is. */
function unhurried<T extends { readonly budget: { readonly controlMs: number } }>(policy: T) {
  return { ...policy, budget: { controlMs: policy.budget.controlMs } };
}
