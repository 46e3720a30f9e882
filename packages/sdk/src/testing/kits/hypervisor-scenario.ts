import type { Random } from '../../clock.ts';
import type { Hypervisor, VmRef, VmStatus } from '../../points/hypervisor.ts';
import { drawInt, drawList, drawOne } from './draw.ts';
import { shorter, withAt } from './shrink.ts';

export const HYPERVISOR_CALLS = ['start', 'suspend', 'resume', 'stop', 'migrate', 'throttle'] as const;

export interface HypervisorCall {
  readonly name: (typeof HYPERVISOR_CALLS)[number];
  readonly vm: number;
  readonly fraction: number;
}

export interface HypervisorScenario {
  readonly options: object;
  readonly calls: readonly HypervisorCall[];
}

/** A VM as it should be. */
export interface VmModel {
  readonly status: VmStatus;
  readonly destination: string | undefined;
}

const FROM: Readonly<Record<HypervisorCall['name'], readonly VmStatus[]>> = {
  start: ['stopped', 'running'],
  suspend: ['running', 'suspended'],
  resume: ['suspended', 'running'],
  stop: ['stopped', 'running', 'suspended'],
  migrate: ['running', 'suspended', 'migrated'],
  throttle: ['running', 'suspended'],
};

const TO: Readonly<Partial<Record<HypervisorCall['name'], VmStatus>>> = {
  start: 'running',
  suspend: 'suspended',
  resume: 'running',
  stop: 'stopped',
  migrate: 'migrated',
};

export function allows({ status }: VmModel, { name }: HypervisorCall): boolean {
  return FROM[name].includes(status);
}

export function after(vm: VmModel, { name }: HypervisorCall, destination: string): VmModel {
  return name === 'migrate' ? { status: 'migrated', destination } : { ...vm, status: TO[name] ?? vm.status };
}

export function call(
  hypervisor: Hypervisor,
  vm: VmRef,
  { name, fraction }: HypervisorCall,
  destination: string,
): Promise<void> {
  if (name === 'migrate') return hypervisor.migrate(vm, destination);
  return name === 'throttle' ? hypervisor.throttle(vm, fraction) : hypervisor[name](vm);
}

export function drawHypervisor(random: Random, options: object): HypervisorScenario {
  return {
    options,
    calls: drawList(random, drawInt(random, 1, 25), () => ({
      // Most of them are such as a VM lives through without being moved.
      name: drawOne(random, [...HYPERVISOR_CALLS, 'start', 'suspend', 'resume', 'start', 'suspend', 'stop']),
      vm: drawInt(random, 0, 2),
      fraction: drawOne(random, [1e-3, 0.1, 0.5, 1]),
    })),
  };
}

export function* simplerHypervisor(scenario: HypervisorScenario): Iterable<HypervisorScenario> {
  const { calls } = scenario;
  for (const fewer of shorter(calls)) yield { ...scenario, calls: fewer };
  for (const [i, step] of calls.entries()) {
    if (step.vm > 0) yield { ...scenario, calls: withAt(calls, i, { ...step, vm: 0 }) };
  }
}

export function tellCall({ name, fraction }: HypervisorCall): string {
  return name === 'throttle' ? `throttle to ${fraction}` : name;
}

export function tellHypervisor({ options, calls }: HypervisorScenario): string {
  const steps = calls.map((step) => `${tellCall(step)} VM ${step.vm}`).join(', ');
  return `  options ${JSON.stringify(options)}\n  asked to ${steps === '' ? 'do nothing' : steps}`;
}
