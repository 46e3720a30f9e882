import { type Clock, FairleadError, type HostInfo, type HostRegistry, inject, Options, Time } from '@fairlead/sdk';
import type { KV, KvEntry } from '@nats-io/kv';
import type { Msg, Subscription } from '@nats-io/transport-node';
import { type Buckets, encoded, NatsLink, outOfReach } from './nats-link.ts';
import type { NatsRegistryOptions } from './options.ts';

/** Longest question and answer. */
const MAX_MESSAGE_BYTES = 1024 * 1024 - 1024;
/** How often a change is tried that another host's has come before. */
const MOST_TRIES = 16;
const Said = { Answer: 0, Refusal: 1 } as const;

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

/**
 * Hosts know each other through NATS: announcements are keys of a bucket that forgets them, claims are keys of one that
 * does not, changed by compare-and-set on their revision, and questions are requests to a subject of each host.
 *
 * @example
 * ```ts
 * import nats, { type NatsRegistry } from '@fairlead/host-registry-nats';
 * import { createInstance } from '@fairlead/sdk/testing';
 *
 * const registry = createInstance(nats, { servers: ['127.0.0.1:4222'] }) as NatsRegistry;
 * await registry.claim('web', 'host-a').catch(({ code }) => console.log(code)); // FAIRLEAD_ERR_REGISTRY: no server runs
 * await registry.close();
 * ```
 */
export class NatsRegistry implements HostRegistry {
  readonly #options: NatsRegistryOptions;
  readonly #clock: Clock;
  readonly #link: NatsLink;
  /** VMs that were claimed through this instance, and by whom. */
  readonly #had = new Map<string, string>();
  readonly #announced = new Set<string>();
  readonly #answering = new Map<string, Subscription>();

  constructor(@inject(Options) options: NatsRegistryOptions, @inject(Time) clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#link = new NatsLink(options, () => clock.nowUs());
  }

  async announce(self: HostInfo): Promise<void> {
    await this.#in(({ hosts }) => hosts.put(encoded(self.name), JSON.stringify(self)));
    this.#announced.add(self.name);
  }

  hosts(): Promise<readonly HostInfo[]> {
    return this.#in(async ({ hosts }) => {
      const keys: string[] = [];
      for await (const key of await hosts.keys()) keys.push(key);
      const entries = await Promise.all(keys.map((key) => present(hosts, key)));
      return entries.flatMap((entry) => (entry === undefined ? [] : [entry.json<HostInfo>()]));
    });
  }

  /** @throws FairleadError `FAIRLEAD_ERR_REGISTRY` also while the claims are new, of a VM that this host did not have. */
  claim(vm: string, host: string): Promise<boolean> {
    return this.#change(vm, async (vms, key, entry) => {
      const owner = entry && text(entry.value);
      if (owner !== undefined) {
        if (owner === host) this.#had.set(vm, host);
        return owner === host;
      }
      const waitUs = this.#link.settledUs - this.#clock.nowUs();
      if (waitUs > 0 && this.#had.get(vm) !== host) throw tooNew(waitUs);
      await vms.create(key, host);
      this.#had.set(vm, host);
      return true;
    });
  }

  release(vm: string, host: string): Promise<void> {
    return this.#change(vm, async (vms, key, entry) => {
      if (entry !== undefined && text(entry.value) === host) await vms.delete(key, { previousSeq: entry.revision });
      this.#had.delete(vm);
    });
  }

  owner(vm: string): Promise<string | undefined> {
    return this.#change(vm, async (_, __, entry) => entry && text(entry.value));
  }

  handOver(vm: string, from: string, to: string): Promise<boolean> {
    return this.#change(vm, async (vms, key, entry) => {
      const owner = entry && text(entry.value);
      if (entry === undefined || (owner !== from && owner !== to)) return false;
      if (owner !== to) await vms.update(key, to, entry.revision);
      return true;
    });
  }

  /** @throws FairleadError `FAIRLEAD_ERR_REGISTRY` while no server is in reach. */
  async answer(host: string, handler: (question: Uint8Array) => Promise<Uint8Array>): Promise<void> {
    const connection = await this.#link.connection();
    this.#answering.get(host)?.unsubscribe();
    const callback = (error: Error | null, message: Msg): void => {
      if (error === null) void reply(message, handler);
    };
    this.#answering.set(host, connection.subscribe(this.#subject(host), { callback }));
    try {
      await connection.flush();
    } catch (cause) {
      throw outOfReach(cause);
    }
  }

  /** @throws FairleadError `FAIRLEAD_ERR_REGISTRY` when the host is not there, refuses, or does not answer in time. */
  async ask(host: string, question: Uint8Array): Promise<Uint8Array> {
    if (question.length > MAX_MESSAGE_BYTES) throw outOfReach(new Error(`${question.length} bytes are too long`));
    const connection = await this.#link.connection();
    try {
      const { data } = await connection.request(this.#subject(host), question, { timeout: this.#options.answerMs });
      if (data.length === 0 || data[0] === Said.Refusal) throw new Error(text(data.subarray(1)));
      return new Uint8Array(data.subarray(1)); // a copy: what the client has is a view of its buffer
    } catch (cause) {
      throw outOfReach(cause);
    }
  }

  async close(): Promise<void> {
    for (const host of this.#announced)
      await this.#in(({ hosts }) => hosts.delete(encoded(host))).catch(() => undefined); // else its lease ends it
    this.#announced.clear();
    await this.#link.close();
  }

  #subject(host: string): string {
    return `${this.#options.prefix}.host.${encoded(host)}`;
  }

  async #in<T>(work: (buckets: Buckets) => Promise<T>): Promise<T> {
    const buckets = await this.#link.buckets();
    try {
      return await work(buckets);
    } catch (cause) {
      throw this.#link.failed(cause);
    }
  }

  /** Reads a claim and changes it if nobody else has since; else it is read again. */
  #change<T>(vm: string, change: (vms: KV, key: string, entry: KvEntry | undefined) => Promise<T>): Promise<T> {
    return this.#in(async ({ vms }) => {
      const key = encoded(vm);
      for (let tries = 1; ; tries++) {
        try {
          return await change(vms, key, await present(vms, key));
        } catch (cause) {
          if (tries >= MOST_TRIES || !isOvertaken(cause)) throw cause;
        }
      }
    });
  }
}

async function present(bucket: KV, key: string): Promise<KvEntry | undefined> {
  const entry = await bucket.get(key);
  return entry === null || entry.operation !== 'PUT' ? undefined : entry;
}

/** The key has another revision by now: JetStream error 10071. */
function isOvertaken(cause: unknown): boolean {
  const { code, message = '' } = cause as { code?: unknown; message?: string };
  return code === 10_071 || message.includes('wrong last sequence');
}

async function reply(message: Msg, handler: (question: Uint8Array) => Promise<Uint8Array>): Promise<void> {
  let said: number = Said.Answer;
  let answer: Uint8Array;
  try {
    answer = await handler(new Uint8Array(message.data));
    if (!(answer instanceof Uint8Array) || answer.length > MAX_MESSAGE_BYTES) throw new Error('the answer is too long');
  } catch (cause) {
    said = Said.Refusal;
    answer = Buffer.from(cause instanceof Error ? cause.message : String(cause));
  }
  const bytes = new Uint8Array(answer.length + 1);
  bytes[0] = said;
  bytes.set(answer, 1);
  message.respond(bytes);
}

function tooNew(waitUs: number): FairleadError {
  const what = `the claims in NATS are new: other hosts may not have made theirs again for ${Math.ceil(waitUs / 1000)} ms`;
  return new FairleadError('FAIRLEAD_ERR_REGISTRY', what, { where: 'registry nats', mend: 'it is tried again' });
}
