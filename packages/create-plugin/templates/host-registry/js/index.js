import { definePlugin, Milliseconds, Options, Time, Type } from '@fairlead/sdk';

/** @typedef {import('@fairlead/sdk').HostInfo} HostInfo */

/**
 * What is known to all registries of one group: the hosts, and the host that has each VM.
 * @typedef {{ hosts: Map<string, { info: HostInfo, expiresUs: number }>, owners: Map<string, string> }} Known
 */

export const myPluginOptions = Type.Object(
  {
    ttlMs: Milliseconds({ default: 10_000, minimum: 1, description: 'Time after which a silent host is forgotten.' }),
    group: Type.Optional(
      Type.String({ minLength: 1, description: 'Registries of one process that share what they know.' }),
    ),
  },
  { additionalProperties: false },
);

/** @type {Map<string, Known>} */
const groups = new Map();

/** Keeps hosts and VMs in the memory of this process; put the calls to a shared store where the maps are. */
export class MyPlugin {
  /** What the constructor is given, in the order of its parameters. */
  static inject = [Time, Options];

  /** @type {Known} */
  #known;
  #clock;
  #options;

  /**
   * @param {import('@fairlead/sdk').Clock} clock
   * @param {import('@fairlead/sdk').Static<typeof myPluginOptions>} options
   */
  constructor(clock, options) {
    this.#clock = clock;
    this.#options = options;
    const { group } = options;
    this.#known = (group === undefined ? undefined : groups.get(group)) ?? { hosts: new Map(), owners: new Map() };
    if (group !== undefined) groups.set(group, this.#known);
  }

  /** @param {HostInfo} self */
  async announce(self) {
    const expiresUs = this.#clock.nowUs() + this.#options.ttlMs * 1000;
    this.#known.hosts.set(self.name, { info: { ...self }, expiresUs });
  }

  /** @returns {Promise<readonly HostInfo[]>} */
  async hosts() {
    const nowUs = this.#clock.nowUs();
    for (const [name, { expiresUs }] of this.#known.hosts) if (expiresUs <= nowUs) this.#known.hosts.delete(name);
    return [...this.#known.hosts.values()].map(({ info }) => ({ ...info }));
  }

  /**
   * @param {string} vm
   * @param {string} host
   */
  async claim(vm, host) {
    const owner = this.#known.owners.get(vm);
    if (owner === undefined) this.#known.owners.set(vm, host);
    return owner === undefined || owner === host;
  }

  /**
   * @param {string} vm
   * @param {string} host
   */
  async release(vm, host) {
    if (this.#known.owners.get(vm) === host) this.#known.owners.delete(vm);
  }
}

export default definePlugin({
  kind: 'host-registry',
  name: 'my-plugin',
  apiVersion: 1,
  options: myPluginOptions,
  implementation: MyPlugin,
  module: import.meta.url,
});
