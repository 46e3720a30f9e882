import type { NicDriver, PluginKind } from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';
import { type Enter, Phase } from '../memory/threads.ts';
import type { PluginPlan, PolicyPlan } from '../plan.ts';
import type { Surroundings } from '../plugins/instantiate.ts';
import { loadPlugin } from '../plugins/load.ts';
import type { PolicySection } from '../shadow/shadow-report.ts';
import { KIND_OF } from '../succession/order.ts';
import type { ForwardingTask, PostedDetector, PostedPlugin, PostedPolicy } from './posted.ts';
import { createDriver, openDriver, receivesOf, type StageDetector, type StagePlan } from './stage.ts';

/** The driver of a NIC that hung, or was given up: it takes and gives nothing. */
export const SILENT: NicDriver = {
  link: () => ({ up: false, speedBps: 0 }),
  send: () => 0,
  receive: () => 0,
  nextEventUs: () => Number.POSITIVE_INFINITY,
};

/** A driver that is to be closed in the end. */
export interface OpenedDriver {
  readonly driver: NicDriver;
  readonly plan: PostedPlugin;
}

/** What a worker was told to run, loaded. */
export interface LoadedStage {
  readonly plan: StagePlan;
  readonly drivers: readonly OpenedDriver[];
  /** Number of the first shadow among the plugins of the worker. */
  readonly shadowsFrom: number;
}

/** Kinds of plugin that a forwarding worker makes instances of. */
type WorkerKind = Extract<PluginKind, 'nic-driver' | 'admission' | 'load-distribution' | 'detector'>;

/**
 * Loads what a worker is told to run and opens its drivers. It shows at each step which plugin's code runs, by its
 * number among the posted ones: drivers, then admission, then load distribution, then
 * detectors, then shadows. So the host knows who holds it up.
 *
 * `opened` has every driver that is to be closed, also when this fails halfway.
 */
export async function loadStage(
  arena: Arena,
  task: ForwardingTask,
  surroundings: Surroundings,
  opened: OpenedDriver[],
): Promise<LoadedStage> {
  const enter = arena.threads.createEnter(task.worker);
  const { nics, worker } = task;
  const workers = task.arena.shape.workers;
  const drivers: OpenedDriver[] = [];
  for (const [index, posted] of nics.entries()) {
    if (task.brokenNics.includes(index)) {
      drivers.push({ driver: SILENT, plan: posted });
      continue;
    }
    const plan = await reload('nic-driver', posted, index, enter);
    const name = arena.nics.names[index] as string;
    const receives = receivesOf(task, workers).includes(index);
    const context = { index, name, queue: worker, queues: workers, role: 'data', receives } as const;
    enter(Phase.Make, index);
    const one = { driver: createDriver(arena, plan, context, surroundings), plan: posted };
    drivers.push(one);
    opened.push(one);
    enter(Phase.Open, index);
    await openDriver(one.driver, plan);
  }
  const firstOfDistribution = nics.length + task.admission.chain.length;
  const firstOfDetectors = firstOfDistribution + task.distribution.chain.length;
  return {
    drivers,
    shadowsFrom: firstOfDetectors + task.detectors.length,
    plan: {
      worker,
      workers,
      batchFrames: task.batchFrames,
      portSecurity: task.portSecurity,
      ...(task.addresses === undefined ? {} : { addresses: task.addresses }),
      sampleEvery: task.sampleEvery,
      nics,
      admission: await reloadPolicy('admission', task.admission, nics.length, enter),
      distribution: await reloadPolicy('load-distribution', task.distribution, firstOfDistribution, enter),
      detectors: await reloadDetectors(task.detectors, firstOfDetectors, enter),
      observe: task.observe,
      making: (number) => enter(Phase.Make, number),
    },
  };
}

/** Loads a policy that is to take a place, or to be asked beside it. */
export async function loadPosted(section: PolicySection, posted: PostedPlugin): Promise<PluginPlan> {
  return reload(KIND_OF[section], posted, 0, () => undefined);
}

async function reload<K extends WorkerKind>(
  kind: K,
  { name, module, options, where, fail, budget }: PostedPlugin,
  number: number,
  enter: Enter,
): Promise<PluginPlan<K>> {
  enter(Phase.Load, number);
  const { definition } = await loadPlugin(kind, module, [], where);
  return { kind, name, module, options, where, definition, fail, budget };
}

async function reloadPolicy<K extends WorkerKind>(
  kind: K,
  { chain, fail, budget, failed }: PostedPolicy,
  first: number,
  enter: Enter,
): Promise<PolicyPlan<K> & { failed: boolean }> {
  const plans: PluginPlan<K>[] = [];
  for (const [i, posted] of chain.entries()) plans.push(await reload(kind, posted, first + i, enter));
  return { chain: plans, fail, budget, failed };
}

async function reloadDetectors(
  detectors: readonly PostedDetector[],
  first: number,
  enter: Enter,
): Promise<StageDetector[]> {
  const loaded: StageDetector[] = [];
  for (const [i, { number, windowMs, plugin }] of detectors.entries())
    loaded.push({ number, windowMs, plan: await reload('detector', plugin, first + i, enter) });
  return loaded;
}
