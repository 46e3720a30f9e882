import type { MessagePort } from 'node:worker_threads';
import { type ErrorCode, isFairleadError, type NicDriver } from '@fairlead/sdk';
import { SystemClock } from '../clock.ts';
import type { Budget, FailureMode } from '../config.ts';
import { Arena, type ArenaHandle } from '../memory/arena.ts';
import type { Forwarder } from '../path/forwarder.ts';
import type { PluginPlan, PolicyPlan } from '../plan.ts';
import type { Surroundings } from '../plugins/instantiate.ts';
import { loadPlugin } from '../plugins/load.ts';
import type { PolicySection } from '../shadow/shadow-report.ts';
import { KIND_OF, type ShadowPlan } from '../succession/order.ts';
import { Succession } from '../succession/succession.ts';
import { Mailbox, type PostedPlugin } from './mailbox.ts';
import { Sleeper } from './sleeper.ts';
import { createDriver, createStage, openDriver, receivesOf, type StagePlan, type WorkerKind } from './stage.ts';

/** A policy's place as it is posted to a worker. */
export interface PostedPolicy {
  readonly chain: readonly PostedPlugin[];
  readonly fail: FailureMode;
  readonly budget: Budget;
}

/** All that a forwarding worker is told. */
export interface ForwardingTask {
  readonly arena: ArenaHandle;
  readonly worker: number;
  readonly seed: number;
  readonly batchFrames: number;
  readonly portSecurity: boolean;
  readonly nics: readonly PostedPlugin[];
  readonly admission: PostedPolicy;
  readonly distribution: PostedPolicy;
  /** Policies that are asked beside those that decide. */
  readonly shadows: readonly { readonly section: PolicySection; readonly shadow: ShadowPlan<PostedPlugin> }[];
  /** NICs whose driver hung: they get one that does nothing. */
  readonly brokenNics: readonly number[];
  readonly port: MessagePort;
}

/** A `FairleadError` as it is posted: an error loses its code on the way between threads. */
export interface PostedError {
  readonly code: ErrorCode;
  readonly what: string;
  readonly where: string | undefined;
  readonly mend: string | undefined;
}

/** What a forwarding worker tells the host. */
export type WorkerReport =
  | { readonly type: 'ready'; readonly policies: { admission: string[]; distribution: string[] } }
  | { readonly type: 'failed'; readonly error: PostedError }
  | {
      readonly type: 'fault';
      readonly plugin: string;
      readonly hook: string;
      readonly vm: number;
      readonly fallback: string;
      readonly message: string;
    }
  | { readonly type: 'answer'; readonly id: number; readonly handedOver: boolean; readonly error?: PostedError }
  | { readonly type: 'shadow'; readonly section: PolicySection; readonly shadow: string; readonly message: string }
  | { readonly type: 'driver'; readonly nic: number; readonly hook: string; readonly message: string }
  | {
      readonly type: 'log';
      readonly level: 'info' | 'warn';
      readonly plugin: string;
      readonly message: string;
      readonly fields: unknown;
    };

/** Sweeps without work before the loop goes to sleep; a sweep of nothing is about a microsecond. */
const SPIN_SWEEPS = 50;
/** A NIC whose driver hung takes and gives nothing. */
const BROKEN: NicDriver = {
  link: () => ({ up: false, speedBps: 0 }),
  send: () => 0,
  receive: () => 0,
  nextEventUs: () => Number.POSITIVE_INFINITY,
};

/** One forwarding worker: a single long task, from start to stop. */
export async function forward(task: ForwardingTask): Promise<void> {
  const { worker, port } = task;
  const tell = (report: WorkerReport): void => port.postMessage(report);
  const arena = new Arena(task.arena, worker);
  const clock = new SystemClock();
  const surroundings: Surroundings = {
    nics: arena.nics,
    vms: arena.vms,
    clock,
    seed: task.seed,
    log: (level, plugin, message, fields) => tell({ type: 'log', level, plugin, message, fields }),
  };
  const opened: NicDriver[] = [];
  try {
    const plan: StagePlan = {
      worker,
      workers: task.arena.shape.workers,
      batchFrames: task.batchFrames,
      portSecurity: task.portSecurity,
      nics: await reload('nic-driver', task.nics),
      admission: await reloadPolicy('admission', task.admission),
      distribution: await reloadPolicy('load-distribution', task.distribution),
    };
    await openDrivers(arena, plan, task, surroundings, opened);
    const drivers = [...opened];
    const driverFailed = (nic: number, hook: string, cause: unknown): void => {
      drivers[nic] = BROKEN;
      tell({ type: 'driver', nic, hook, message: cause instanceof Error ? cause.message : String(cause) });
    };
    const { forwarder, policies } = createStage(arena, plan, drivers, surroundings, {
      fault: ({ plugin, hook, vm, fallback, error }) =>
        tell({ type: 'fault', plugin, hook, vm, fallback, message: error.message }),
      driverFailed,
      // It failed once, and an operator has put its NIC back: let it try again.
      nicReturned: (nic) => {
        drivers[nic] = opened[nic] as NicDriver;
      },
    });
    const { batchFrames } = task;
    const shadowFailed = (section: PolicySection, shadow: string, message: string): void =>
      tell({ type: 'shadow', section, shadow, message });
    const succession = new Succession({ arena, worker, batchFrames, policies, surroundings, shadowFailed });
    for (const { section, shadow } of task.shadows) {
      succession.prepare({
        type: 'shadow',
        section,
        shadow: { ...shadow, plan: await loadPosted(section, shadow.plan) },
      });
      succession.carryOut();
    }
    const mailbox = new Mailbox(port, arena.threads, worker, succession, loadPosted, (id, handedOver, error) =>
      tell({ type: 'answer', id, handedOver, ...(error === undefined ? {} : { error: postedError(error) }) }),
    );
    tell({
      type: 'ready',
      policies: { admission: plan.admission.chain.map(nameOf), distribution: plan.distribution.chain.map(nameOf) },
    });
    const sleeper = new Sleeper(arena, worker, forwarder, drivers, clock, driverFailed);
    await loop(arena, worker, forwarder, sleeper, mailbox, clock);
  } catch (error) {
    if (isFairleadError(error)) tell({ type: 'failed', error: postedError(error) });
    throw error;
  } finally {
    for (const driver of opened) await driver.close?.();
    port.close();
  }
}

function postedError(error: unknown): PostedError {
  if (isFairleadError(error)) {
    const { code, what, where, mend } = error;
    return { code, what, where, mend };
  }
  const what = error instanceof Error ? error.message : String(error);
  return { code: 'FAIRLEAD_ERR_SWAP', what, where: undefined, mend: 'mend the plugin' };
}

const loadPosted = async (section: PolicySection, posted: PostedPlugin): Promise<PluginPlan> =>
  ((await reload(KIND_OF[section], [posted])) as [PluginPlan])[0];

const nameOf = (plan: { name: string }): string => plan.name;

async function reload<K extends WorkerKind>(kind: K, posted: readonly PostedPlugin[]): Promise<PluginPlan<K>[]> {
  const plans: PluginPlan<K>[] = [];
  for (const { name, module, options, where } of posted) {
    const { definition } = await loadPlugin(kind, module, [], where);
    plans.push({ kind, name, module, options, where, definition });
  }
  return plans;
}

async function reloadPolicy<K extends WorkerKind>(
  kind: K,
  { chain, fail, budget }: PostedPolicy,
): Promise<PolicyPlan<K>> {
  return { chain: await reload(kind, chain), fail, budget };
}

async function openDrivers(
  arena: Arena,
  plan: StagePlan,
  task: ForwardingTask,
  surroundings: Surroundings,
  drivers: NicDriver[],
): Promise<void> {
  const receives = receivesOf(plan);
  for (const [index, nic] of plan.nics.entries()) {
    if (task.brokenNics.includes(index)) {
      drivers.push(BROKEN);
      continue;
    }
    const name = arena.nics.names[index] as string;
    const context = {
      index,
      name,
      queue: plan.worker,
      queues: plan.workers,
      role: 'data',
      receives: receives.includes(index),
    } as const;
    const driver = createDriver(arena, nic, context, surroundings);
    drivers.push(driver);
    await openDriver(driver, nic);
  }
}

async function loop(
  arena: Arena,
  worker: number,
  forwarder: Forwarder,
  sleeper: Sleeper,
  mailbox: Mailbox,
  clock: SystemClock,
): Promise<void> {
  const { threads } = arena;
  let idle = 0;
  while (!threads.stopped) {
    if (threads.pausing) {
      forwarder.rest();
      await threads.pause(worker);
      continue;
    }
    if (threads.hasMail(worker)) mailbox.take();
    // A module is being loaded, which the event loop does: it has its turn between two sweeps.
    if (mailbox.busy) {
      forwarder.sweep(clock.nowUs());
      await turnOfEventLoop();
    } else if (forwarder.sweep(clock.nowUs()) > 0) idle = 0;
    else if (++idle >= SPIN_SWEEPS) {
      // When it wakes and there is nothing after all, it sleeps on at once.
      idle = (await sleeper.sleep()) ? SPIN_SWEEPS - 1 : 0;
    }
  }
  forwarder.rest();
}

const turnOfEventLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
