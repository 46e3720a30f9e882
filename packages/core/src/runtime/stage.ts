import {
  type AdmissionPolicy,
  type Detector,
  FairleadError,
  isFairleadError,
  type LoadDistribution,
  Nic,
  type NicContext,
  type NicDriver,
  type PluginKind,
} from '@fairlead/sdk';
import { SystemCostProbe } from '../clock.ts';
import type { Budget } from '../config.ts';
import type { Arena } from '../memory/arena.ts';
import type { ObserveConfig } from '../observe-config.ts';
import { Forwarder } from '../path/forwarder.ts';
import type { Sampling } from '../path/meter.ts';
import { needsOf } from '../path/needs.ts';
import { type DetectorSeat, Observer, type ObserverReport } from '../path/observer.ts';
import type { PluginFault } from '../path/plugin-failure.ts';
import { type Place, Policies, type Seat } from '../path/policies.ts';
import type { Composition, PluginPlan, PolicyPlan } from '../plan.ts';
import { inTime } from '../plugins/control-call.ts';
import { instantiate, type Surroundings } from '../plugins/instantiate.ts';
import type { PortSecurity } from '../port-security.ts';
import type { Named } from '../succession/hand-over.ts';

/** A policy's place; `failed` when it has been given up before, by failure mode open, closed or stop. */
type StagePolicy<K extends PluginKind> = PolicyPlan<K> & { readonly failed?: boolean };

/** A detector and its number in the configuration. */
export interface StageDetector {
  readonly number: number;
  readonly plan: PluginPlan<'detector'>;
  readonly windowMs: number;
}

/** What both runtimes build a forwarding loop from. */
export interface StagePlan extends PortSecurity {
  readonly worker: number;
  readonly workers: number;
  readonly batchFrames: number;
  /** One call of each hook in so many is measured; 0: none. */
  readonly sampleEvery: number;
  readonly nics: readonly { readonly name: string; readonly budget: Budget }[];
  readonly admission: StagePolicy<'admission'>;
  readonly distribution: StagePolicy<'load-distribution'>;
  /** Who watches; nobody when left out. */
  readonly detectors?: readonly StageDetector[];
  /** How much they are shown; every frame when left out. */
  readonly observe?: ObserveConfig;
  /** Told before each policy is made, with its number behind the drivers. */
  readonly making?: (number: number) => void;
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

/** @throws FairleadError `FAIRLEAD_ERR_DRIVER_OPEN`, or `FAIRLEAD_ERR_PLUGIN_LATE` */
export async function openDriver(driver: NicDriver, plan: PluginPlan<'nic-driver'>): Promise<void> {
  const about = { plugin: plan.name, hook: 'open', where: plan.where, limitMs: plan.budget.controlMs };
  try {
    await inTime(async () => driver.open?.(), about);
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
  { chain, fail, budget, failed = false }: StagePolicy<K>,
  surroundings: Surroundings,
  making: (numberInChain: number) => void,
  made: Named<object>[],
): Place<T> {
  const seat = chain.reduceRight<Seat<T> | undefined>((fallback, plan, i) => {
    making(i);
    const instance = makeWithin(plan, surroundings) as unknown as T;
    made.push({ name: plan.name, instance });
    return { name: plan.name, instance, ...needsOf(plan), fallback };
  }, undefined);
  return { seat, fail, budget, failed };
}

/** @throws FairleadError `FAIRLEAD_ERR_PLUGIN_BUDGET` when the constructor takes more memory than it may. */
function makeWithin(plan: PluginPlan, surroundings: Surroundings): unknown {
  const { definition, options, where, name, budget } = plan;
  const { probe } = surroundings;
  const make = (): unknown => instantiate(definition as never, options, surroundings, where);
  if (budget.memoryBytes === undefined || probe === undefined) return make();
  const before = probe.heapBytes();
  const instance = make();
  const grown = probe.heapBytes() - before;
  if (grown <= budget.memoryBytes) return instance;
  const what = `the constructor of ${name} has taken ${grown} bytes; its budget is ${budget.memoryBytes} bytes`;
  throw new FairleadError('FAIRLEAD_ERR_PLUGIN_BUDGET', what, {
    where,
    mend: 'take less, or raise budget.memoryBytes',
  });
}

/** What a forwarding loop tells of its plugins. */
export interface StageReport extends ObserverReport {
  fault(fault: PluginFault): void;
  driverFailed(nic: number, hook: string, cause: unknown): void;
  nicReturned?(nic: number): void;
}

/** The body of one forwarding loop, and the policies that it asks. */
export interface Stage {
  readonly forwarder: Forwarder;
  readonly policies: Policies;
  /** Every policy and detector that was made for it, whether it serves or only stands by. */
  readonly made: readonly Named<object>[];
}

/** Makes the policies of one forwarding loop and the loop's body around them. */
export function createStage(
  arena: Arena,
  plan: StagePlan,
  drivers: readonly NicDriver[],
  surroundings: Surroundings,
  report: StageReport,
): Stage {
  const { making = () => undefined, nics, worker, sampleEvery } = plan;
  const { probe = new SystemCostProbe() } = surroundings;
  const admissions = nics.length;
  const distributions = admissions + plan.admission.chain.length;
  const made: Named<object>[] = [];
  const makingOf = (first: number) => (i: number) => making(first + i);
  const policies = new Policies(
    place<'admission', AdmissionPolicy>(plan.admission, surroundings, makingOf(admissions), made),
    place<'load-distribution', LoadDistribution>(plan.distribution, surroundings, makingOf(distributions), made),
    arena.nics,
    report.fault,
  );
  const sampling = { every: sampleEvery, probe, seed: surroundings.seed };
  const detectors = distributions + plan.distribution.chain.length;
  const seats = detectorSeats(plan, surroundings, makingOf(detectors));
  made.push(...seats);
  const observer = createObserver(arena, plan, seats, sampling, surroundings, report);
  const forwarder = new Forwarder(arena, policies, {
    worker,
    batchFrames: plan.batchFrames,
    portSecurity: plan.portSecurity,
    ...(plan.addresses === undefined ? {} : { addresses: plan.addresses }),
    drivers,
    receives: receivesOf(plan, plan.workers),
    driverFailed: report.driverFailed,
    sampling,
    ...(observer === undefined ? {} : { observer }),
    sampledDrivers: nics,
    ...(report.nicReturned === undefined ? {} : { nicReturned: report.nicReturned }),
  });
  return { forwarder, policies, made };
}

/** NICs whose frames a worker takes in: NIC n is worker n's, modulo the number of workers. */
export function receivesOf(plan: { worker: number; nics: readonly unknown[] }, workers: number): number[] {
  return [...plan.nics.keys()].filter((nic) => nic % workers === plan.worker);
}

/** Makes the detectors of one forwarding loop. */
function detectorSeats(
  { detectors = [] }: StagePlan,
  surroundings: Surroundings,
  making: (number: number) => void,
): DetectorSeat[] {
  return detectors.map(({ number, plan, windowMs }, i) => {
    making(i);
    const instance = makeWithin(plan, surroundings) as Detector;
    const { needsHeaders, needsFlow } = needsOf(plan);
    const { name, budget } = plan;
    return { number, name, instance, needsHeaders: needsHeaders || needsFlow, windowUs: windowMs * 1000, budget };
  });
}

/** What shows the frames to the detectors; where there are none, nothing does. */
function createObserver(
  arena: Arena,
  { worker, observe }: StagePlan,
  seats: readonly DetectorSeat[],
  sampling: Sampling,
  surroundings: Surroundings,
  report: ObserverReport,
): Observer | undefined {
  if (seats.length === 0) return undefined;
  const nowUs = surroundings.clock.nowUs();
  const shown = observe === undefined ? {} : { observe };
  return new Observer({ arena, worker, sampling, nowUs, ...shown }, seats, report);
}
