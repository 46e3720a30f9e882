import { once } from 'node:events';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { FairleadError, type PluginKind } from '@fairlead/sdk';
import { Piscina } from 'piscina';
import type { Arena } from '../memory/arena.ts';
import { reclaim } from '../memory/reclaim.ts';
import { Phase } from '../memory/threads.ts';
import { faultOf } from '../path/policies.ts';
import type { Composition, PluginPlan, PolicyPlan } from '../plan.ts';
import type { ForwardingTask, PostedError, PostedPlugin, PostedPolicy, WorkerReport } from './forwarding-worker.ts';
import { Watchdog } from './watchdog.ts';

/** What the host is told by its workers. */
export interface WorkerEvents {
  fault(plugin: string, hook: string, vm: number, fallback: string, message: string): void;
  driverFailed(nic: number, cause: string, hung: boolean): void;
  workerLost(worker: number, cause: string): void;
  log(level: 'info' | 'warn', plugin: string, message: string, fields: unknown): void;
}

interface WorkerSlot {
  readonly worker: number;
  abort: AbortController;
  done: Promise<void>;
  ready: boolean;
  /** It ended before it was told to, and its frames are not accounted for yet. */
  lost: boolean;
  /** Resolves when the thread of a worker that was ended no longer runs. */
  gone: Promise<unknown>;
  /** How many policies from the front of each chain were put aside after a stall. */
  asideAdmission: number;
  asideDistribution: number;
  readonly brokenNics: number[];
  restarts: number;
}

/** A worker that keeps dying for no known reason is not started for ever. */
const MAX_RESTARTS = 10;

/**
 * Forwarding on threads of their own: piscina keeps them, each runs one long task. A worker that stalls or dies is
 * ended and replaced; its frames are accounted for, and a plugin that made it stall is put aside.
 */
export class WorkersRuntime {
  readonly #pool: Piscina;
  readonly #arena: Arena;
  readonly #composition: Composition;
  readonly #events: WorkerEvents;
  readonly #slots: WorkerSlot[] = [];
  readonly #watchdog: Watchdog;
  #stopping = false;
  #recovery: Promise<void> = Promise.resolve();

  constructor(arena: Arena, composition: Composition, events: WorkerEvents, beforeAudit: () => void) {
    this.#arena = arena;
    this.#composition = composition;
    this.#events = events;
    this.#beforeAudit = beforeAudit;
    const { workers, stallMs } = composition.config.runtime;
    for (const plan of [...composition.nics, ...composition.admission.chain, ...composition.distribution.chain])
      demandModule(plan);
    this.#pool = new Piscina({
      filename: new URL('./forwarding-worker.js', import.meta.url).href,
      minThreads: workers,
      maxThreads: workers,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
    });
    // A worker that cannot start both rejects its task and emits an error; the task's rejection is the one we act on.
    this.#pool.on('error', () => undefined);
    this.#watchdog = new Watchdog(arena, stallMs, (worker) => this.#stalled(worker));
  }

  readonly #beforeAudit: () => void;

  /** Starts every worker; resolves when all of them forward, rejects when one cannot. */
  async start(): Promise<void> {
    const { workers } = this.#composition.config.runtime;
    const started: Promise<void>[] = [];
    for (let worker = 0; worker < workers; worker++) {
      const slot: WorkerSlot = {
        worker,
        abort: new AbortController(),
        done: Promise.resolve(),
        ready: false,
        lost: false,
        gone: Promise.resolve(),
        asideAdmission: 0,
        asideDistribution: 0,
        brokenNics: [],
        restarts: 0,
      };
      this.#slots.push(slot);
      started.push(this.#launch(slot));
    }
    await Promise.all(started);
    this.#watchdog.start();
  }

  #launch(slot: WorkerSlot): Promise<void> {
    slot.abort = new AbortController();
    slot.ready = false;
    const channel = new MessageChannel();
    const task = this.#task(slot, channel.port2);
    let failed: FairleadError | undefined;
    const ready = new Promise<void>((resolve) => {
      channel.port1.on('message', (report: WorkerReport) => {
        if (report.type === 'ready') {
          slot.ready = true;
          resolve();
        } else if (report.type === 'failed') failed = received(report.error);
        else this.#hear(slot, report);
      });
    });
    slot.done = this.#pool
      .run(task, { name: 'forward', transferList: [channel.port2], signal: slot.abort.signal })
      .then(
        () => channel.port1.close(),
        (error: unknown) => {
          // What was posted before the end may still be under way.
          for (
            let left = receiveMessageOnPort(channel.port1);
            left !== undefined;
            left = receiveMessageOnPort(channel.port1)
          ) {
            const report = left.message as WorkerReport;
            if (report.type === 'failed') failed = received(report.error);
          }
          channel.port1.close();
          slot.lost = true;
          if (slot.ready) this.#lost(slot, error);
          else throw failed ?? error;
        },
      );
    const failedToStart = slot.done.then(() => new Promise<void>(() => undefined));
    slot.done.catch(() => undefined);
    return Promise.race([ready, failedToStart]);
  }

  #task(slot: WorkerSlot, port: ForwardingTask['port']): ForwardingTask {
    const { config, nics, admission, distribution } = this.#composition;
    return {
      arena: this.#arena.handle,
      worker: slot.worker,
      seed: config.seed + slot.worker,
      batchFrames: config.runtime.batchFrames,
      portSecurity: config.security.portSecurity,
      nics: nics.map(posted),
      admission: postedPolicy(admission, slot.asideAdmission),
      distribution: postedPolicy(distribution, slot.asideDistribution),
      brokenNics: slot.brokenNics,
      port,
    };
  }

  #hear(slot: WorkerSlot, report: WorkerReport): void {
    if (report.type === 'log') this.#events.log(report.level, report.plugin, report.message, report.fields);
    else if (report.type === 'driver') {
      this.#events.driverFailed(report.nic, `${report.hook}() threw: ${report.message}`, false);
    } else if (report.type === 'fault') {
      // The worker has its fallback in place already; a later restart must not bring the failed plugin back.
      if (report.hook === 'select') slot.asideDistribution++;
      else slot.asideAdmission++;
      this.#events.fault(report.plugin, report.hook, report.vm, report.fallback, report.message);
    }
  }

  /** The watchdog found a worker silent: the phase it is in names the plugin. */
  #stalled(worker: number): void {
    const slot = this.#slots[worker];
    if (slot === undefined || !slot.ready || slot.abort.signal.aborted) return;
    const { phase, vm } = this.#arena.threads.phase(worker);
    const { admission, distribution, nics } = this.#composition;
    const silent = `did not return for ${this.#composition.config.runtime.stallMs} ms`;
    if (phase === Phase.Admit || phase === Phase.Sweep) {
      const hook = phase === Phase.Admit ? 'admit' : 'sweep';
      const [failed, next] = admission.chain.slice(slot.asideAdmission++);
      this.#putAside(failed?.name ?? 'admission', hook, vm, next?.name ?? 'admit-all', silent);
    } else if (phase === Phase.Select) {
      const [failed, next] = distribution.chain.slice(slot.asideDistribution++);
      this.#putAside(failed?.name ?? 'load-distribution', 'select', vm, next?.name ?? 'first-available', silent);
    } else if (phase === Phase.Send || phase === Phase.Receive) {
      slot.brokenNics.push(vm); // in these phases the word holds the NIC
      const hook = phase === Phase.Send ? 'send' : 'receive';
      this.#events.driverFailed(vm, `${nics[vm]?.name ?? 'driver'}.${hook}() ${silent}`, true);
    }
    this.#end(slot);
  }

  #putAside(plugin: string, hook: string, vm: number, fallback: string, what: string): void {
    this.#events.fault(plugin, hook, vm, fallback, faultOf(plugin, hook, fallback, what).message);
  }

  /** Ends a worker's thread. What it held is not to be touched before the thread is gone. */
  #end(slot: WorkerSlot): void {
    const before = this.#pool.threads;
    slot.abort.abort();
    const ended = before.filter((thread) => !this.#pool.threads.includes(thread));
    slot.gone = Promise.all(ended.map((thread) => once(thread, 'exit')));
  }

  /** A worker ended before it was told to: account for its frames and put another in its place. */
  #lost(slot: WorkerSlot, error: unknown): void {
    slot.ready = false;
    if (this.#stopping) return;
    const cause = slot.abort.signal.aborted ? 'stalled' : error instanceof Error ? error.message : String(error);
    this.#events.workerLost(slot.worker, cause);
    this.#recovery = this.#recovery.then(() => this.#replace(slot));
  }

  async #replace(slot: WorkerSlot): Promise<void> {
    if (this.#stopping) return;
    const { threads } = this.#arena;
    const others = this.#slots.filter((other) => other !== slot && other.ready).map((other) => other.worker);
    await threads.pauseAll(others);
    // Whoever does not hold still now would race with the audit, and is as good as stalled.
    for (const other of others) if (!threads.isPaused(other)) this.#stalled(other);
    await Promise.all(this.#slots.map((other) => other.gone));
    this.#account(slot);
    threads.resumeAll();
    if (++slot.restarts > MAX_RESTARTS) {
      this.#events.workerLost(slot.worker, `given up after ${MAX_RESTARTS} restarts`);
      return;
    }
    try {
      await this.#launch(slot);
      this.#watchdog.forget(slot.worker);
    } catch (error) {
      this.#events.workerLost(slot.worker, `cannot be started again: ${(error as Error).message}`);
    }
  }

  /** Accounts for the frames of a worker that was lost, while no other one runs. */
  #account(slot: WorkerSlot): void {
    this.#beforeAudit();
    reclaim(this.#arena, slot.worker);
    slot.lost = false;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#watchdog.stop();
    await this.#recovery;
    this.#arena.threads.stop();
    const patience = setTimeout(() => {
      for (const slot of this.#slots) this.#end(slot);
    }, STOP_MS);
    await Promise.allSettled(this.#slots.map((slot) => slot.done));
    clearTimeout(patience);
    await Promise.all(this.#slots.map((slot) => slot.gone));
    for (const slot of this.#slots) if (slot.lost) this.#account(slot);
    await this.#pool.destroy();
  }
}

/** A worker that does not stop of itself in this time is ended. */
const STOP_MS = 2000;

function received({ code, what, where, mend }: PostedError): FairleadError {
  return new FairleadError(code, what, {
    ...(where === undefined ? {} : { where }),
    ...(mend === undefined ? {} : { mend }),
  });
}

function posted({ name, module, options, where }: PluginPlan): PostedPlugin {
  return { name, module, options, where };
}

/** A policy's place as it is posted, without the first `aside` of its chain. */
function postedPolicy({ chain, fail, budget }: PolicyPlan<PluginKind>, aside: number): PostedPolicy {
  return { chain: chain.slice(aside).map(posted), fail, budget };
}

function demandModule(plan: PluginPlan): void {
  if (plan.module !== '') return;
  throw new FairleadError(
    'FAIRLEAD_ERR_PLUGIN_NOT_FOUND',
    `plugin "${plan.name}" cannot be loaded in a worker thread`,
    {
      where: plan.where,
      mend: 'put it into a module of its own and give its definition module: import.meta.url, or use runtime inline',
    },
  );
}
