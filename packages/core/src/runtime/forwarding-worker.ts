import { isFairleadError } from '@fairlead/sdk';
import { SystemClock, SystemCostProbe } from '../clock.ts';
import { Arena } from '../memory/arena.ts';
import { Phase } from '../memory/threads.ts';
import type { Forwarder } from '../path/forwarder.ts';
import { driverFault, type PluginFault } from '../path/plugin-failure.ts';
import { inTime } from '../plugins/control-call.ts';
import type { Surroundings } from '../plugins/instantiate.ts';
import type { PolicySection } from '../shadow/shadow-report.ts';
import { Succession } from '../succession/succession.ts';
import type { TracedFrame } from '../trace/traced-frame.ts';
import { loadPosted, loadStage, type OpenedDriver, SILENT } from './load-stage.ts';
import { type Answer, Mailbox, type Relocate, type TraceMessage } from './mailbox.ts';
import type { ForwardingTask, PostedPlugin, WorkerReport } from './posted.ts';
import { postedError } from './posting.ts';
import { Sleeper } from './sleeper.ts';
import { createStage } from './stage.ts';

/** Sweeps without work before the loop goes to sleep; a sweep of nothing is about a microsecond. */
const SPIN_SWEEPS = 50;
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
    probe: new SystemCostProbe(),
    log: (level, plugin, message, fields) => tell({ type: 'log', level, plugin, message, fields }),
    moved: (plugin, move, leftOut) => tell({ type: 'moved', plugin, move, leftOut }),
  };
  const opened: OpenedDriver[] = [];
  try {
    const stage = await loadStage(arena, task, surroundings, opened);
    const drivers = stage.drivers.map(({ driver }) => driver);
    const tellFault = ({ error, ...fault }: PluginFault): void =>
      tell({ type: 'fault', fault, error: postedError(error) });
    const driverFailed = (nic: number, hook: string, cause: unknown): void => {
      if (drivers[nic] === SILENT) return;
      drivers[nic] = SILENT;
      tellFault(driverFault(task.nics[nic] as PostedPlugin, nic, hook, cause));
    };
    const { forwarder, policies, made } = createStage(arena, stage.plan, drivers, surroundings, {
      fault: tellFault,
      judged: (detector, signals) => tell({ type: 'judged', detector, signals }),
      detectorFailed: (detector, { error, ...fault }) =>
        tell({ type: 'detector-failed', detector, fault, error: postedError(error) }),
      driverFailed,
      // It failed once, and an operator has put its NIC back: let it try again.
      nicReturned: (nic) => {
        drivers[nic] = (stage.drivers[nic] as OpenedDriver).driver;
      },
    });
    const { batchFrames } = task;
    const shadowFailed = (section: PolicySection, shadow: string, message: string): void =>
      tell({ type: 'shadow', section, shadow, message });
    const succession = new Succession({ arena, worker, batchFrames, policies, made, surroundings, shadowFailed });
    const enter = arena.threads.createEnter(worker);
    for (const [i, { section, shadow }] of task.shadows.entries()) {
      enter(Phase.Make, stage.shadowsFrom + i);
      succession.prepare({
        type: 'shadow',
        section,
        shadow: { ...shadow, plan: await loadPosted(section, shadow.plan) },
      });
      succession.carryOut();
    }
    const answer: Answer = (id, handedOver, error, frames) =>
      tell({
        type: 'answer',
        id,
        handedOver,
        ...(error === undefined ? {} : { error: postedError(error) }),
        ...(frames === undefined ? {} : { frames }),
      });
    const { tracer, relocation } = forwarder;
    const relocate: Relocate = (message) => {
      if (message.step === 'leave') return relocation.leave(message.vm);
      relocation.arrive(message, clock.nowUs());
      return [];
    };
    const traced = (frame: TracedFrame): void => tell({ type: 'traced', frame });
    const trace = (message: TraceMessage): void =>
      message.step === 'trace' ? tracer.start(message.vm, message.frames, traced) : tracer.stop();
    const mailbox = new Mailbox(port, arena.threads, worker, succession, loadPosted, answer, trace, relocate);
    tell({ type: 'ready' });
    const sleeper = new Sleeper(arena, worker, forwarder, drivers, clock, driverFailed);
    await loop(arena, worker, forwarder, sleeper, mailbox, clock);
    succession.close();
  } catch (error) {
    if (isFairleadError(error)) tell({ type: 'failed', error: postedError(error) });
    throw error;
  } finally {
    for (const one of opened) await closeDriver(one);
    port.close();
  }
}

/** Closes a driver as well as it can be: the thread ends in any case, and with it what it holds. */
async function closeDriver({ driver, plan }: OpenedDriver): Promise<void> {
  const about = { plugin: plan.name, hook: 'close', where: plan.where, limitMs: plan.budget.controlMs };
  await inTime(async () => driver.close?.(), about).catch(() => undefined);
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
