import type { Clock, HostInfo, HostRegistry, Static } from '@fairlead/sdk';
import { definePlugin, inject, Milliseconds, Options, Time, Type } from '@fairlead/sdk';

export const previousHostRegistryOptions = Type.Object(
  {
    ttlMs: Milliseconds({ default: 10_000, minimum: 1, description: 'Time after which a silent host is forgotten.' }),
    group: Type.Optional(
      Type.String({ minLength: 1, description: 'Registries of one process that share what they know.' }),
    ),
  },
  { additionalProperties: false },
);

/** What is known to all registries of one group. */
interface Known {
  readonly hosts: Map<string, { readonly info: HostInfo; readonly expiresUs: number }>;
  /** Host that has each VM. */
  readonly owners: Map<string, string>;
}

const groups = new Map<string, Known>();

/** Keeps hosts and VMs in the memory of this process; put the calls to a shared store where the maps are. */
export class PreviousHostRegistry implements HostRegistry {
  readonly #known: Known;

  constructor(
    @inject(Time) private readonly clock: Clock,
    @inject(Options) private readonly options: Static<typeof previousHostRegistryOptions>,
  ) {
    const { group } = options;
    this.#known = (group === undefined ? undefined : groups.get(group)) ?? { hosts: new Map(), owners: new Map() };
    if (group !== undefined) groups.set(group, this.#known);
  }

  async announce(self: HostInfo): Promise<void> {
    const expiresUs = this.clock.nowUs() + this.options.ttlMs * 1000;
    this.#known.hosts.set(self.name, { info: { ...self }, expiresUs });
  }

  async hosts(): Promise<readonly HostInfo[]> {
    const nowUs = this.clock.nowUs();
    for (const [name, { expiresUs }] of this.#known.hosts) if (expiresUs <= nowUs) this.#known.hosts.delete(name);
    return [...this.#known.hosts.values()].map(({ info }) => ({ ...info }));
  }

  async claim(vm: string, host: string): Promise<boolean> {
    const owner = this.#known.owners.get(vm);
    if (owner === undefined) this.#known.owners.set(vm, host);
    return owner === undefined || owner === host;
  }

  async release(vm: string, host: string): Promise<void> {
    if (this.#known.owners.get(vm) === host) this.#known.owners.delete(vm);
  }
}

export default definePlugin({
  kind: 'host-registry',
  name: 'previous-host-registry',
  apiVersion: 1,
  options: previousHostRegistryOptions,
  implementation: PreviousHostRegistry,
  module: import.meta.url,
});
