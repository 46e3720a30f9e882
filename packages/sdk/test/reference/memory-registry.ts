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

/** What hosts share. */
export interface Ledger {
  readonly hosts: Map<string, { info: HostInfo; expiresAtUs: number }>;
  readonly holders: Map<string, string>;
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
  return { hosts: new Map(), holders: new Map(), reachable: true };
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
