import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { type FairleadError, isFairleadError } from '@fairlead/sdk';
import { Piscina } from 'piscina';
import type { Arena } from '../memory/arena.ts';
import { reclaim } from '../memory/reclaim.ts';
import { PluginFailure, type PluginFault } from '../path/plugin-failure.ts';
import type { Composition } from '../plan.ts';
import type { PolicySection } from '../shadow/shadow-report.ts';
import type { Order, Outcome, ShadowPlan } from '../succession/order.ts';
import { AtFault, type Suspect } from './at-fault.ts';
import { taskOf } from './forwarding-task.ts';
import { heapLimits } from './heap-limits.ts';
import type { TraceMessage } from './mailbox.ts';
import type { WorkerReport } from './posted.ts';
import { demandModule, received, stillPosted } from './posting.ts';
import { type Relocating, swapError } from './questions.ts';
import { StartWatch } from './start-watch.ts';
import { Watchdog } from './watchdog.ts';
import type { WorkerEvents } from './worker-events.ts';
import { carryOutByAll, endThread, makeSlot, relocateBy, type WorkerSlot } from './worker-slot.ts';

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
  readonly #atFault: AtFault;
  #stopping = false;
  #recovery: Promise<void> = Promise.resolve();
  readonly #beforeAudit: () => void;

  constructor(arena: Arena, composition: Composition, events: WorkerEvents, beforeAudit: () => void) {
    this.#arena = arena;
    this.#composition = composition;
    this.#events = events;
    this.#beforeAudit = beforeAudit;
    this.#atFault = new AtFault(composition, this.#shadows, arena.vms);
    const { workers, stallMs } = composition.config.runtime;
    const { nics, admission, distribution, detectors } = composition;
    for (const plan of [...nics, ...admission.chain, ...distribution.chain, ...detectors]) demandModule(plan);
    this.#pool = new Piscina({
      filename: new URL('./forwarding-worker.js', import.meta.url).href,
      minThreads: workers,
      maxThreads: workers,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      ...heapLimits(composition),
    });
    // A worker that cannot start both rejects its task and emits an error; the task's rejection is the one we act on.
    this.#pool.on('error', () => undefined);
    this.#watchdog = new Watchdog(arena, stallMs, (worker) => this.#stalled(worker));
  }

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
    const task = taskOf(slot, channel.port2, this.#arena.handle, this.#composition, this.#shadows);
    let failed: FairleadError | undefined;
    const watch = new StartWatch(
      this.#arena.threads,
      slot.worker,
      (shown) => this.#atFault.suspect(slot, shown),
      (error) => {
        failed = error;
        this.#end(slot);
      },
    );
    const ready = new Promise<void>((resolve) => {
      channel.port1.on('message', (report: WorkerReport) => {
        if (report.type === 'ready') {
          slot.ready = true;
          watch.stop();
          resolve();
        } else if (report.type === 'failed') failed ??= received(report.error);
        else this.#hear(slot, report);
      });
    });
    slot.done = this.#pool
      .run(task, { name: 'forward', transferList: [channel.port2], signal: slot.abort.signal })
      .then(
        () => this.#hearLast(slot, channel.port1),
        (error: unknown) => {
          // What was posted before the end may still be under way.
          for (const report of stillPosted(channel.port1))
            if (report.type === 'failed') failed ??= received(report.error);
          channel.port1.close();
          slot.lost = true;
          slot.questions.lost(`forwarding worker ${slot.worker} was lost over it`);
          if (slot.ready) this.#lost(slot, error);
          else throw failed ?? error;
        },
      )
      .finally(() => watch.stop());
    const failedToStart = slot.done.then(() => new Promise<void>(() => undefined));
    slot.done.catch(() => undefined);
    watch.start(() => this.#stopping);
    return Promise.race([ready, failedToStart]);
  }

  /** What a worker has said at its end may still be under way. */
  #hearLast(slot: WorkerSlot, port: MessagePort): void {
    for (const report of stillPosted(port)) this.#hear(slot, report);
    port.close();
  }

  #hear(slot: WorkerSlot, report: WorkerReport): void {
    if (report.type === 'log') this.#events.log(report.level, report.plugin, report.message, report.fields);
    else if (report.type === 'moved') this.#events.moved(report.plugin, report.move, report.leftOut);
    else if (report.type === 'traced') this.#events.traced(report.frame);
    else if (report.type === 'answer') {
      slot.questions.answered(report, report.error && received(report.error));
    } else if (report.type === 'judged') this.#events.judged(slot.worker, report.detector, report.signals);
    else if (report.type === 'detector-failed') {
      slot.blindDetectors.add(report.detector);
      this.#events.detectorFailed({ ...report.fault, error: received(report.error) }, slot.worker, report.detector);
    } else if (report.type === 'shadow') {
      slot.shadowless.add(report.section);
      this.#events.shadowFailed(report.section, report.shadow, report.message);
    } else if (report.type === 'fault') {
      const fault: PluginFault = { ...report.fault, error: received(report.error) };
      if (fault.ofNic === true) {
        this.#events.driverFailed(fault, slot.worker, false);
        return;
      }
      // The worker has its fallback in place already; a later restart must not bring the failed plugin back.
      slot.lines[fault.hook === 'select' ? 'distribution' : 'admission'].advance();
      this.#events.fault(fault, slot.worker);
    }
  }

  /** The watchdog found a worker silent: the phase it is in names the plugin. */
  #stalled(worker: number): void {
    const slot = this.#slots[worker];
    if (slot === undefined || !slot.ready || slot.abort.signal.aborted) return;
    const silent = `did not return for ${this.#composition.config.runtime.stallMs} ms`;
    this.#blame(slot, ({ name, hook, shadowOf }) => {
      const call = shadowOf === undefined ? `${name}.${hook}()` : `${hook}()`;
      return new PluginFailure('FAIRLEAD_ERR_PLUGIN_STALLED', `${call} ${silent}`);
    });
    this.#end(slot);
  }

  /** Puts the plugin aside that a worker shows, and tells of it. False when it shows none. */
  #blame(slot: WorkerSlot, cause: (suspect: Suspect) => unknown): boolean {
    const suspect = this.#atFault.suspect(slot, this.#arena.threads.phase(slot.worker));
    if (suspect === undefined) return false;
    const fault = suspect.putAside(cause(suspect));
    if (suspect.shadowOf !== undefined) {
      const vm = this.#composition.config.vms[fault.vm]?.name;
      const message = vm === undefined ? fault.brief : `${fault.brief}, for VM ${vm}`;
      this.#events.shadowFailed(suspect.shadowOf, fault.plugin, message);
    } else if (suspect.detector !== undefined) this.#events.detectorFailed(fault, slot.worker, suspect.detector);
    else if (fault.ofNic === true) this.#events.driverFailed(fault, slot.worker, true);
    else this.#events.fault(fault, slot.worker);
    return true;
  }

  /** Ends a worker's thread. What it held is not to be touched before the thread is gone. */
  #end(slot: WorkerSlot): void {
    endThread(this.#pool, slot);
  }

  /** A worker ended before it was told to: account for its frames and put another in its place. */
  #lost(slot: WorkerSlot, error: unknown): void {
    slot.ready = false;
    if (this.#stopping) return;
    const cause = slot.abort.signal.aborted ? 'stalled' : error instanceof Error ? error.message : String(error);
    if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY')
      this.#blame(slot, () => new PluginFailure('FAIRLEAD_ERR_PLUGIN_BUDGET', 'the heap of its worker is full'));
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
    while (!this.#stopping && !(await this.#launchAgain(slot)));
  }

  /** True when there is no more to be done: it runs, or cannot be made to. */
  async #launchAgain(slot: WorkerSlot): Promise<boolean> {
    if (++slot.restarts > MAX_RESTARTS) {
      this.#events.workerLost(slot.worker, `given up after ${MAX_RESTARTS} restarts`);
      this.#events.silenced(slot.worker);
      return true;
    }
    try {
      await this.#launch(slot);
      this.#watchdog.forget(slot.worker);
      return true;
    } catch (error) {
      await slot.gone;
      if (this.#stopping) return true;
      this.#events.workerLost(slot.worker, `cannot be started again: ${(error as Error).message}`);
      return !this.#blame(slot, () => (isFairleadError(error) ? new PluginFailure(error.code, error.what) : error));
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
    return this.#inTurn(() => this.#orderNow(order));
  }

  /** Has the worker that owns a VM let it go, or take it in. */
  relocate(asked: Relocating): Promise<Uint8Array[]> {
    return this.#inTurn(() => relocateBy(this.#slots[this.#arena.vms.worker[asked.vm]], asked));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#recovery.then(work);
    this.#recovery = done.then(nothing, nothing);
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

  /** Tells the worker that owns a VM about a trace. */
  trace(vm: number, message: TraceMessage): void {
    this.#slots[this.#arena.vms.worker[vm]]?.questions.tell(message);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#watchdog.stop();
    await this.#recovery;
    this.#arena.threads.stop();
    const patience = setTimeout(() => this.#slots.forEach((slot) => this.#end(slot)), STOP_MS);
    await Promise.allSettled(this.#slots.map((slot) => slot.done));
    clearTimeout(patience);
    await Promise.all(this.#slots.map((slot) => slot.gone));
    for (const slot of this.#slots) if (slot.lost) this.#account(slot);
    await this.#pool.destroy();
  }
}

/** A worker that does not stop of itself in this time is ended. */
const STOP_MS = 2000;
const nothing = (): void => undefined;
