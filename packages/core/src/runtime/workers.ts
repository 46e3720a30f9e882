import { once } from 'node:events';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import type { FairleadError } from '@fairlead/sdk';
import { Piscina } from 'piscina';
import type { Arena } from '../memory/arena.ts';
import { reclaim } from '../memory/reclaim.ts';
import { Phase } from '../memory/threads.ts';
import { faultOf } from '../path/policies.ts';
import type { Composition } from '../plan.ts';
import { ShadowRecord } from '../shadow/shadow-record.ts';
import type { PolicySection } from '../shadow/shadow-report.ts';
import type { Order, Outcome, ShadowPlan } from '../succession/order.ts';
import type { ForwardingTask, WorkerReport } from './forwarding-worker.ts';
import { demandModule, posted, postedPolicy, received } from './posting.ts';
import { swapError } from './questions.ts';
import { Watchdog } from './watchdog.ts';
import { carryOutByAll, makeSlot, type WorkerSlot } from './worker-slot.ts';

/** What the host is told by its workers. */
export interface WorkerEvents {
  fault(plugin: string, hook: string, vm: number, fallback: string, message: string): void;
  driverFailed(nic: number, cause: string, hung: boolean): void;
  workerLost(worker: number, cause: string): void;
  log(level: 'info' | 'warn', plugin: string, message: string, fields: unknown): void;
  shadowFailed(section: PolicySection, shadow: string, message: string): void;
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
  readonly #shadows = new Map<PolicySection, ShadowPlan>();
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
      const slot = makeSlot(worker, this.#composition);
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
    slot.questions.askThrough((message) => {
      channel.port1.postMessage(message);
      this.#arena.threads.announceMail(slot.worker);
    });
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
          slot.questions.lost(`forwarding worker ${slot.worker} was lost over it`);
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
      admission: postedPolicy(admission, slot.lines.admission),
      distribution: postedPolicy(distribution, slot.lines.distribution),
      shadows: [...this.#shadows]
        .filter(([section]) => !slot.shadowless.has(section))
        .map(([section, shadow]) => ({ section, shadow: { ...shadow, plan: posted(shadow.plan) } })),
      brokenNics: slot.brokenNics,
      port,
    };
  }

  #hear(slot: WorkerSlot, report: WorkerReport): void {
    if (report.type === 'log') this.#events.log(report.level, report.plugin, report.message, report.fields);
    else if (report.type === 'answer') {
      slot.questions.answered(report.id, report.handedOver, report.error && received(report.error));
    } else if (report.type === 'shadow') {
      slot.shadowless.add(report.section);
      this.#events.shadowFailed(report.section, report.shadow, report.message);
    } else if (report.type === 'driver') {
      this.#events.driverFailed(report.nic, `${report.hook}() threw: ${report.message}`, false);
    } else if (report.type === 'fault') {
      // The worker has its fallback in place already; a later restart must not bring the failed plugin back.
      slot.lines[report.hook === 'select' ? 'distribution' : 'admission'].advance();
      this.#events.fault(report.plugin, report.hook, report.vm, report.fallback, report.message);
    }
  }

  /** The watchdog found a worker silent: the phase it is in names the plugin. */
  #stalled(worker: number): void {
    const slot = this.#slots[worker];
    if (slot === undefined || !slot.ready || slot.abort.signal.aborted) return;
    const { phase, vm } = this.#arena.threads.phase(worker);
    const { nics } = this.#composition;
    const silent = `did not return for ${this.#composition.config.runtime.stallMs} ms`;
    if (phase === Phase.Admit || phase === Phase.Sweep) {
      const hook = phase === Phase.Admit ? 'admit' : 'sweep';
      const failed = slot.lines.admission.advance();
      const [next] = slot.lines.admission.plans;
      this.#putAside(failed?.name ?? 'admission', hook, vm, next?.name ?? 'admit-all', silent);
    } else if (phase === Phase.Select) {
      const failed = slot.lines.distribution.advance();
      const [next] = slot.lines.distribution.plans;
      this.#putAside(failed?.name ?? 'load-distribution', 'select', vm, next?.name ?? 'first-available', silent);
    } else if (phase === Phase.ShadowAdmit || phase === Phase.ShadowSelect) {
      const section = phase === Phase.ShadowAdmit ? 'admission' : 'distribution';
      const hook = phase === Phase.ShadowAdmit ? 'admit' : 'select';
      slot.shadowless.add(section);
      const hung = this.#shadows.get(section);
      const shadow = hung?.plan.name ?? section;
      // It cannot say so itself any more.
      if (hung !== undefined) new ShadowRecord(hung.memory, hung.shape, worker).aside = true;
      const name = this.#composition.config.vms[vm]?.name ?? String(vm);
      this.#events.shadowFailed(section, shadow, `${hook}() ${silent}, for VM ${name}`);
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

  /**
   * Has all workers carry out an order, when all of them could prepare it.
   * @throws FairleadError `FAIRLEAD_ERR_SWAP`, or what is wrong with the plugin; then all are as they were.
   */
  order(order: Order): Promise<Outcome> {
    const done = this.#recovery.then(() => this.#orderNow(order));
    this.#recovery = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  async #orderNow(order: Order): Promise<Outcome> {
    if (this.#stopping) throw swapError('the host is closing');
    const outcome = await carryOutByAll(this.#slots, order);
    this.#remember(order);
    return outcome;
  }

  #remember(order: Order): void {
    if (order.type === 'shadow') this.#shadows.set(order.section, order.shadow);
    else if (order.type === 'unshadow') this.#shadows.delete(order.section);
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
