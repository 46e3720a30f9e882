import { once } from 'node:events';
import type { Piscina } from 'piscina';
import type { Composition } from '../plan.ts';
import type { PolicySection } from '../shadow/shadow-report.ts';
import { Line } from '../succession/line.ts';
import type { Order, Outcome } from '../succession/order.ts';
import { demandModule, postedOrder } from './posting.ts';
import { Questions, type Relocating, swapError } from './questions.ts';

/** A forwarding worker as the host knows it, across all threads that have been it. */
export interface WorkerSlot {
  readonly worker: number;
  abort: AbortController;
  done: Promise<void>;
  ready: boolean;
  /** It ended before it was told to, and its frames are not accounted for yet. */
  lost: boolean;
  /** Resolves when the thread of a worker that was ended no longer runs. */
  gone: Promise<unknown>;
  /** Who serves in each place, and who behind it. */
  readonly lines: Readonly<Record<PolicySection, Line>>;
  /** Places whose shadow has hung. */
  readonly shadowless: Set<PolicySection>;
  /** What it was asked and has not answered. */
  readonly questions: Questions;
  readonly brokenNics: Set<number>;
  /** Detectors that were put aside, by their number. */
  readonly blindDetectors: Set<number>;
  restarts: number;
}

export function makeSlot(worker: number, { admission, distribution }: Composition): WorkerSlot {
  return {
    worker,
    abort: new AbortController(),
    done: Promise.resolve(),
    ready: false,
    lost: false,
    gone: Promise.resolve(),
    lines: {
      admission: new Line(admission.chain, admission.fail),
      distribution: new Line(distribution.chain, distribution.fail),
    },
    shadowless: new Set(),
    questions: new Questions(),
    brokenNics: new Set(),
    blindDetectors: new Set(),
    restarts: 0,
  };
}

/** Ends the thread of a worker. */
export function endThread(pool: Piscina, slot: WorkerSlot): void {
  const before = pool.threads;
  slot.abort.abort();
  const ended = before.filter((thread) => !pool.threads.includes(thread));
  slot.gone = Promise.all(ended.map((thread) => once(thread, 'exit')));
}

/**
 * Has all workers carry out an order. A swap or a shadow needs a plugin, which may fail: then none of them is changed.
 * Anything else holds also for a worker that is lost over it, from the thread on that takes its place.
 * @throws FairleadError `FAIRLEAD_ERR_SWAP`, or what is wrong with the plugin.
 */
export async function carryOutByAll(all: readonly WorkerSlot[], order: Order): Promise<Outcome> {
  const slots = all.filter((slot) => slot.ready);
  if (order.type !== 'swap' && order.type !== 'shadow') {
    await Promise.allSettled(slots.map((slot) => askBoth(slot, order)));
    for (const slot of all) follow(slot, order);
    return { handedOver: 0, loops: slots.length, failed: false };
  }
  demandModule(order.type === 'swap' ? order.plan : order.shadow.plan);
  if (slots.length === 0) throw swapError('no forwarding worker runs');
  const refusal = firstRefusal(
    await Promise.allSettled(slots.map((slot) => slot.questions.prepare(postedOrder(order)))),
  );
  if (refusal !== undefined) {
    for (const { questions } of slots) questions.abandon();
    throw refusal.reason;
  }
  const outcomes = await Promise.allSettled(slots.map((slot) => carryOut(slot, order)));
  const failure = firstRefusal(outcomes);
  if (failure !== undefined) {
    const moved = slots.filter((_, i) => outcomes[i]?.status === 'fulfilled');
    const type = order.type === 'swap' ? 'return' : 'unshadow';
    await carryOutByAll(moved, { type, section: order.section });
    throw failure.reason;
  }
  for (const slot of all) if (!slots.includes(slot)) follow(slot, order);
  const handedOver = outcomes.filter((outcome) => outcome.status === 'fulfilled' && outcome.value).length;
  const failed = order.type === 'swap' && slots.some((slot) => slot.lines[order.section].failed);
  return { handedOver, loops: slots.length, failed };
}

/** @throws FairleadError when the worker does not run, or does not answer. */
export async function relocateBy(slot: WorkerSlot | undefined, asked: Relocating): Promise<Uint8Array[]> {
  if (slot?.ready !== true) throw swapError('the worker of the VM does not run');
  return slot.questions.relocate(asked);
}

const firstRefusal = (answers: readonly PromiseSettledResult<unknown>[]): PromiseRejectedResult | undefined =>
  answers.find((answer) => answer.status === 'rejected');

async function askBoth({ questions }: WorkerSlot, order: Order): Promise<void> {
  await questions.prepare(postedOrder(order));
  await questions.carryOut();
}

async function carryOut(slot: WorkerSlot, order: Order): Promise<boolean> {
  const handedOver = await slot.questions.carryOut();
  follow(slot, order);
  return handedOver;
}

/** A worker that takes this one's place is told what this one has been told. */
function follow(slot: WorkerSlot, order: Order): void {
  const line = slot.lines[order.section];
  if (order.type === 'swap') line.swap(order.plan);
  else if (order.type === 'settle') line.settle();
  else if (order.type === 'return') line.bringBack();
  else slot.shadowless.delete(order.section);
}
