import {
  type Clock,
  FairleadError,
  type HostInfo,
  type HostRegistry,
  inject,
  Milliseconds,
  Options,
  type Static,
  Time,
  Type,
} from '@fairlead/sdk';
import { type Handler, type Ledger, leaveLedger, useLedger } from './ledger.ts';

/** Options of the registry of one process. */
export const embeddedRegistryOptions = Type.Object(
  {
    name: Type.String({
      default: 'fairlead',
      minLength: 1,
      description: 'Name of the registry: hosts of the process that say the same name know each other.',
    }),
    leaseMs: Milliseconds({
      default: 10_000,
      exclusiveMinimum: 0,
      description: "Time for which an announcement stands, on the host's clock.",
    }),
    answerMs: Milliseconds({
      default: 5000,
      minimum: 1,
      description: 'Time that a host has to answer another one, in real time.',
    }),
  },
  { additionalProperties: false },
);

/** Longest question and answer. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

/**
 * A registry for the hosts of one process: of a simulation, a test, or a program with several hosts. What is announced
 * expires by the clock of the host that looks; under the inline runtime that is the virtual one. When the last host has
 * left it, it is forgotten.
 *
 * @example
 * ```ts
 * import embedded, { type EmbeddedRegistry } from '@fairlead/host-registry-embedded';
 * import { createInstance } from '@fairlead/sdk/testing';
 *
 * const registry = createInstance(embedded, { name: 'rack-1' }) as EmbeddedRegistry;
 * console.log(await registry.claim('web', 'host-a'), await registry.claim('web', 'host-b')); // true false
 * await registry.close();
 * ```
 */
export class EmbeddedRegistry implements HostRegistry {
  readonly #ledger: Ledger;
  /** Hosts that speak through this instance: one, as a rule. */
  readonly #hosts = new Set<string>();
  readonly #handlers = new Map<string, Handler>();
  #closed = false;

  constructor(
    @inject(Options) private readonly options: Static<typeof embeddedRegistryOptions>,
    @inject(Time) private readonly clock: Clock,
  ) {
    this.#ledger = useLedger(options.name);
  }

  async announce(self: HostInfo): Promise<void> {
    const { announced } = this.#reach(self.name);
    announced.set(self.name, { info: { ...self }, expiresAtUs: this.clock.nowUs() + this.options.leaseMs * 1000 });
  }

  async hosts(): Promise<readonly HostInfo[]> {
    const nowUs = this.clock.nowUs();
    return [...this.#reach().announced.values()].flatMap(({ info, expiresAtUs }) =>
      expiresAtUs > nowUs ? [info] : [],
    );
  }

  // Each in one step, without a wait in it: nobody comes in between.
  async claim(vm: string, host: string): Promise<boolean> {
    const { owners } = this.#reach(host);
    if (!owners.has(vm)) owners.set(vm, host);
    return owners.get(vm) === host;
  }

  async release(vm: string, host: string): Promise<void> {
    const { owners } = this.#reach(host);
    if (owners.get(vm) === host) owners.delete(vm);
  }

  async owner(vm: string): Promise<string | undefined> {
    return this.#reach().owners.get(vm);
  }

  async handOver(vm: string, from: string, to: string): Promise<boolean> {
    const { owners } = this.#reach();
    if (owners.get(vm) === from) owners.set(vm, to);
    return owners.get(vm) === to;
  }

  async answer(host: string, handler: Handler): Promise<void> {
    this.#reach(host).handlers.set(host, handler);
    this.#handlers.set(host, handler);
  }

  /** @throws FairleadError `FAIRLEAD_ERR_REGISTRY` when the host is not there, or does not answer in time. */
  async ask(host: string, question: Uint8Array): Promise<Uint8Array> {
    const { handlers, cutOff } = this.#reach();
    const handler = cutOff.has(host) ? undefined : handlers.get(host);
    if (handler === undefined) throw refusal(`host "${host}" answers nobody`);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const what = `host "${host}" has not answered for ${this.options.answerMs} ms`;
      timer = setTimeout(() => reject(refusal(what)), this.options.answerMs);
    });
    try {
      const answer = await Promise.race([handler(bounded(question)), late]);
      this.#reach();
      if (cutOff.has(host)) throw refusal(`host "${host}" is out of reach`);
      return bounded(answer);
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const { announced, handlers } = this.#ledger;
    for (const host of this.#hosts) announced.delete(host);
    for (const [host, handler] of this.#handlers) if (handlers.get(host) === handler) handlers.delete(host);
    leaveLedger(this.options.name, this.#ledger);
  }

  #reach(host?: string): Ledger {
    if (host !== undefined) this.#hosts.add(host);
    const { cutOff } = this.#ledger;
    if (!cutOff.has(undefined) && ![...this.#hosts].some((name) => cutOff.has(name))) return this.#ledger;
    throw refusal('the registry is out of reach');
  }
}

/** A copy, as if it had gone over a network. */
function bounded(message: Uint8Array): Uint8Array {
  if (!(message instanceof Uint8Array)) throw refusal('a host answered with what is no message');
  if (message.length > MAX_MESSAGE_BYTES) throw refusal(`a message of ${message.length} bytes is too long`);
  return message.slice();
}

function refusal(why: string): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_REGISTRY', why, { where: 'registry embedded', mend: 'it is tried again' });
}
