import {
  type Clock,
  definePlugin,
  FairleadError,
  type HostInfo,
  type HostRegistry,
  Milliseconds,
  Options,
  type Static,
  Time,
  Type,
} from '../../src/index.ts';

export const memoryRegistryOptions = Type.Object(
  {
    name: Type.Optional(
      Type.String({ minLength: 1, description: 'Registry of the process; one of its own when left out.' }),
    ),
    ttlMs: Milliseconds({
      default: 10_000,
      exclusiveMinimum: 0,
      description: 'Time for which an announcement stands.',
    }),
  },
  { additionalProperties: false },
);

type Handler = (question: Uint8Array) => Promise<Uint8Array>;

/** What hosts share. */
export interface Ledger {
  readonly hosts: Map<string, { info: HostInfo; expiresAtUs: number }>;
  readonly holders: Map<string, string>;
  readonly handlers: Map<string, Handler>;
  reachable: boolean;
}

const ledgers = new Map<string, Ledger>();

/** The ledger of a name, as all hosts of this process see it; made when it is first asked for. */
export function ledgerNamed(name: string): Ledger {
  const ledger = ledgers.get(name) ?? newLedger();
  ledgers.set(name, ledger);
  return ledger;
}

function newLedger(): Ledger {
  return { hosts: new Map(), holders: new Map(), handlers: new Map(), reachable: true };
}

/** A registry for hosts of one process. */
export class MemoryRegistry implements HostRegistry {
  static readonly inject = [Options, Time];
  readonly ledger: Ledger;

  constructor(
    readonly options: Static<typeof memoryRegistryOptions>,
    private readonly clock: Clock,
  ) {
    this.ledger = options.name === undefined ? newLedger() : ledgerNamed(options.name);
  }

  async announce(self: HostInfo): Promise<void> {
    const expiresAtUs = this.clock.nowUs() + this.options.ttlMs * 1000;
    this.#reach().hosts.set(self.name, { info: { ...self }, expiresAtUs });
  }

  async hosts(): Promise<readonly HostInfo[]> {
    const nowUs = this.clock.nowUs();
    const standing = [...this.#reach().hosts.values()].filter(({ expiresAtUs }) => expiresAtUs > nowUs);
    return standing.map(({ info }) => info);
  }

  async claim(vm: string, host: string): Promise<boolean> {
    const { holders } = this.#reach();
    // One step, without a wait in it: nobody comes in between.
    if (!holders.has(vm)) holders.set(vm, host);
    return holders.get(vm) === host;
  }

  async release(vm: string, host: string): Promise<void> {
    const { holders } = this.#reach();
    if (holders.get(vm) === host) holders.delete(vm);
  }

  async owner(vm: string): Promise<string | undefined> {
    return this.#reach().holders.get(vm);
  }

  async handOver(vm: string, from: string, to: string): Promise<boolean> {
    const { holders } = this.#reach();
    if (holders.get(vm) === from) holders.set(vm, to);
    return holders.get(vm) === to;
  }

  async answer(host: string, handler: Handler): Promise<void> {
    this.#reach().handlers.set(host, handler);
  }

  async ask(host: string, question: Uint8Array): Promise<Uint8Array> {
    const handler = this.#reach().handlers.get(host);
    if (handler === undefined) throw new FairleadError('FAIRLEAD_ERR_REGISTRY', 'nobody answers', { mend: 'start it' });
    return handler(question.slice());
  }

  #reach(): Ledger {
    if (this.ledger.reachable) return this.ledger;
    throw new FairleadError('FAIRLEAD_ERR_HOST_STATE', 'the registry is out of reach', { mend: 'try again later' });
  }
}

export default definePlugin({
  kind: 'host-registry',
  name: 'memory',
  apiVersion: 1,
  options: memoryRegistryOptions,
  implementation: MemoryRegistry,
});
