import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Threads } from '../memory/threads.ts';
import type { PluginPlan } from '../plan.ts';
import type { Order } from '../succession/order.ts';
import type { Succession } from '../succession/succession.ts';
import type { PostedPlugin } from './posted.ts';

/** What the host asks of a worker that runs: to prepare an order; and later to carry it out, or not. */
export type HostMessage =
  | { readonly step: 'prepare'; readonly id: number; readonly order: Order<PostedPlugin> }
  | { readonly step: 'carry-out'; readonly id: number }
  | { readonly step: 'abandon'; readonly id: number }
  | RelocationMessage
  | TraceMessage;

/** Tracing takes no preparing and no answer. */
export type TraceMessage =
  | { readonly step: 'trace'; readonly vm: number; readonly frames: number }
  | { readonly step: 'untrace' };

/** A VM goes to another host, or has come from one; answered in the same turn. */
export type RelocationMessage =
  | { readonly step: 'leave'; readonly id: number; readonly vm: number }
  | {
      readonly step: 'arrive';
      readonly id: number;
      readonly vm: number;
      readonly inbound: readonly Uint8Array[];
      /** It comes from another host; false: it did not go after all. */
      readonly anew: boolean;
    };

/** Lets a VM go, and answers what waited in its ring; or takes one in. */
export type Relocate = (message: RelocationMessage) => Uint8Array[];

/** Loads a plugin in this thread. */
export type Load = (section: Order['section'], posted: PostedPlugin) => Promise<PluginPlan>;

/** How a worker answers. */
export type Answer = (id: number, handedOver: boolean, error?: unknown, frames?: Uint8Array[]) => void;

/**
 * What the host has posted to a worker. It is taken out between two sweeps: the loop does not wait for it. Only while
 * a module is being loaded, which needs the event loop, the loop gives way to it once a sweep.
 */
export class Mailbox {
  /** True while a module is being loaded. */
  busy = false;
  readonly #port: MessagePort;
  readonly #threads: Threads;
  readonly #worker: number;
  readonly #succession: Succession;
  readonly #load: Load;
  readonly #answer: Answer;
  readonly #trace: (message: TraceMessage) => void;
  readonly #relocate: Relocate;
  /** The order that is being prepared, or was last. */
  #current = -1;

  constructor(
    port: MessagePort,
    threads: Threads,
    worker: number,
    succession: Succession,
    load: Load,
    answer: Answer,
    trace: (message: TraceMessage) => void,
    relocate: Relocate,
  ) {
    this.#port = port;
    this.#threads = threads;
    this.#worker = worker;
    this.#succession = succession;
    this.#load = load;
    this.#answer = answer;
    this.#trace = trace;
    this.#relocate = relocate;
  }

  take(): void {
    this.#threads.mailSeen(this.#worker);
    for (let mail = receiveMessageOnPort(this.#port); mail !== undefined; mail = receiveMessageOnPort(this.#port))
      this.#obey(mail.message as HostMessage);
  }

  #obey(message: HostMessage): void {
    if (message.step === 'trace' || message.step === 'untrace') {
      this.#trace(message);
      return;
    }
    const { id } = message;
    if (message.step === 'leave' || message.step === 'arrive') {
      try {
        this.#answer(id, false, undefined, this.#relocate(message));
      } catch (error) {
        this.#answer(id, false, error);
      }
      return;
    }
    if (message.step === 'prepare') {
      this.#current = id;
      this.busy = true;
      void this.#prepare(id, message.order);
      return;
    }
    if (id !== this.#current) return;
    if (message.step === 'abandon') {
      this.#current = -1;
      this.busy = false;
      this.#succession.abandon();
      return;
    }
    try {
      this.#answer(id, this.#succession.carryOut());
    } catch (error) {
      this.#answer(id, false, error);
    }
  }

  async #prepare(id: number, posted: Order<PostedPlugin>): Promise<void> {
    try {
      const order = await this.#loaded(posted);
      if (id !== this.#current) return; // nobody waits for it any more
      this.#succession.prepare(order);
      this.#answer(id, false);
    } catch (error) {
      this.#answer(id, false, error);
    } finally {
      if (id === this.#current) this.busy = false;
    }
  }

  async #loaded(order: Order<PostedPlugin>): Promise<Order> {
    if (order.type === 'swap') return { ...order, plan: await this.#load(order.section, order.plan) };
    if (order.type !== 'shadow') return order;
    const plan = await this.#load(order.section, order.shadow.plan);
    return { ...order, shadow: { ...order.shadow, plan } };
  }
}
