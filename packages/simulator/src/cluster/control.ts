import type { Composition, PluginPlan } from '@fairlead/core';
import type { PluginDefinition } from '@fairlead/sdk';
import type { Beside } from '../run/compose.ts';

/** What stands for any hypervisor and any registry: both work on the virtual clock, within the thread. */
const HYPERVISOR = 'simulated';
const REGISTRY = 'embedded';
/** Real time that a call may take: a run must not depend on how fast the machine is. */
const UNHURRIED_MS = 3_600_000;
const BUDGET = { controlMs: UNHURRIED_MS };

/** Hypervisor and registry of a host that is one of several, as they are simulated. */
export function besideOthers({ config, hypervisor, registry }: Composition): Beside {
  const definitions = new Map<string, PluginDefinition>();
  const standIn = (plan: PluginPlan | undefined, use: string): object => {
    if (plan?.name !== use) return {};
    definitions.set(`${plan.definition.kind}/${use}`, plan.definition as PluginDefinition);
    return plan.options as object;
  };
  const control = hypervisor && { use: HYPERVISOR, options: standIn(hypervisor as PluginPlan, HYPERVISOR) };
  const known = config.registry && {
    ...config.registry,
    use: REGISTRY,
    options: standIn(registry as PluginPlan | undefined, REGISTRY),
  };
  return {
    config: {
      ...(control === undefined ? {} : { hypervisor: { ...control, budget: BUDGET } }),
      ...(known === undefined ? {} : { registry: { ...known, budget: BUDGET } }),
      migration: { ...config.migration, limitMs: UNHURRIED_MS },
    },
    definitions,
  };
}

/** Names that are used in this process: by the hypervisors and registries of runs that go on at the same time. */
const inUse = new Set<number>();

/** Keeps what several runs of one process are called apart: the lowest number that is free, so that one alone is 0. */
export class RunNumber {
  readonly value: number;

  constructor() {
    let value = 0;
    while (inUse.has(value)) value++;
    inUse.add(value);
    this.value = value;
  }

  release(): void {
    inUse.delete(this.value);
  }
}

/** The same host under the name by which it is known, and with the registry of its rack. */
export function knownAs(host: Composition, name: string, rack: string, run: RunNumber): Composition {
  const mark = run.value === 0 ? '' : ` (run ${run.value})`;
  const { hypervisor, registry } = host;
  return {
    ...host,
    hypervisor: hypervisor && { ...hypervisor, options: { ...(hypervisor.options as object), host: `${name}${mark}` } },
    registry: registry && {
      ...registry,
      options: { ...(registry.options as object), name: `${rack}${mark}`, answerMs: UNHURRIED_MS },
    },
  };
}

/** Time that every call to a host's hypervisor takes, in milliseconds of the virtual clock. */
export function latencyOf({ hypervisor }: Composition): number {
  return (hypervisor?.options as { latencyMs?: number } | undefined)?.latencyMs ?? 0;
}
