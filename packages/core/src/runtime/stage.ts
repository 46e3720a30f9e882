import {
  type AdmissionPolicy,
  FairleadError,
  isFairleadError,
  type LoadDistribution,
  Nic,
  type NicContext,
  type NicDriver,
  type PluginKind,
} from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';
import { Forwarder } from '../path/forwarder.ts';
import { type Place, type PluginFault, Policies, type Seat } from '../path/policies.ts';
import type { Composition, PluginPlan, PolicyPlan } from '../plan.ts';
import { instantiate, type Surroundings } from '../plugins/instantiate.ts';

/** What both runtimes build a forwarding loop from. */
export interface StagePlan {
  readonly worker: number;
  readonly workers: number;
  readonly batchFrames: number;
  readonly portSecurity: boolean;
  readonly nics: readonly PluginPlan<'nic-driver'>[];
  readonly admission: PolicyPlan<'admission'>;
  readonly distribution: PolicyPlan<'load-distribution'>;
}

/** Makes the driver of one NIC. */
export function createDriver(
  arena: Arena,
  plan: PluginPlan<'nic-driver'>,
  context: Omit<NicContext, 'shared'>,
  surroundings: Surroundings,
): NicDriver {
  const value: NicContext = { ...context, shared: arena.sharedNumbers(context.index) };
  return instantiate(plan.definition, plan.options, surroundings, plan.where, { token: Nic, value });
}

/** Makes the host's own instance of each NIC's driver: it asks for the link, and under the inline runtime does it all. */
export function createHostDrivers(
  arena: Arena,
  { config, nics }: Pick<Composition, 'config' | 'nics'>,
  surroundings: Surroundings,
): NicDriver[] {
  const inline = config.runtime.kind === 'inline';
  return nics.map((plan, index) => {
    const name = arena.nics.names[index] as string;
    const queues = inline ? 1 : config.runtime.workers;
    const role = inline ? 'both' : 'control';
    return createDriver(arena, plan, { index, name, queue: 0, queues, role, receives: inline }, surroundings);
  });
}

/** @throws FairleadError `FAIRLEAD_ERR_DRIVER_OPEN` */
export async function openDriver(driver: NicDriver, plan: PluginPlan<'nic-driver'>): Promise<void> {
  try {
    await driver.open?.();
  } catch (cause) {
    if (isFairleadError(cause)) throw cause;
    throw new FairleadError('FAIRLEAD_ERR_DRIVER_OPEN', `the NIC could not be opened: ${(cause as Error).message}`, {
      where: plan.where,
      mend: 'see the cause',
      cause,
    });
  }
}

function place<K extends 'admission' | 'load-distribution', T extends AdmissionPolicy | LoadDistribution>(
  { chain, fail, budget }: PolicyPlan<K>,
  surroundings: Surroundings,
): Place<T> {
  const seat = chain.reduceRight<Seat<T> | undefined>((fallback, plan) => {
    const instance = instantiate(plan.definition as never, plan.options, surroundings, plan.where) as unknown as T;
    return { name: plan.name, instance, needsFlow: plan.definition.needs?.includes('flow') ?? false, fallback };
  }, undefined);
  return { seat, fail, budget };
}

/** What a forwarding loop tells of its plugins. */
export interface StageReport {
  fault(fault: PluginFault): void;
  driverFailed(nic: number, hook: string, cause: unknown): void;
  nicReturned?(nic: number): void;
}

/** The body of one forwarding loop, and the policies that it asks. */
export interface Stage {
  readonly forwarder: Forwarder;
  readonly policies: Policies;
}

/** Makes the policies of one forwarding loop and the loop's body around them. */
export function createStage(
  arena: Arena,
  plan: StagePlan,
  drivers: readonly NicDriver[],
  surroundings: Surroundings,
  report: StageReport,
): Stage {
  const policies = new Policies(
    place<'admission', AdmissionPolicy>(plan.admission, surroundings),
    place<'load-distribution', LoadDistribution>(plan.distribution, surroundings),
    arena.nics,
    report.fault,
  );
  const forwarder = new Forwarder(arena, policies, {
    worker: plan.worker,
    batchFrames: plan.batchFrames,
    portSecurity: plan.portSecurity,
    drivers,
    receives: receivesOf(plan),
    driverFailed: report.driverFailed,
    ...(report.nicReturned === undefined ? {} : { nicReturned: report.nicReturned }),
  });
  return { forwarder, policies };
}

/** NICs whose frames a worker takes in: NIC n is worker n's, modulo the number of workers. */
export function receivesOf(plan: { worker: number; workers: number; nics: readonly unknown[] }): number[] {
  return [...plan.nics.keys()].filter((nic) => nic % plan.workers === plan.worker);
}

/** Kinds of plugin that a forwarding worker makes instances of. */
export type WorkerKind = Extract<PluginKind, 'nic-driver' | 'admission' | 'load-distribution'>;
