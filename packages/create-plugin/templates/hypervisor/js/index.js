import { definePlugin, FairleadError, Options, Type } from '@fairlead/sdk';

/** @typedef {import('@fairlead/sdk').VmRef} VmRef */
/** @typedef {import('@fairlead/sdk').VmStatus} VmStatus */

export const myPluginOptions = Type.Object(
  {
    destinations: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: 'Hosts that VMs may migrate to; any host when the list is empty.',
    }),
  },
  { additionalProperties: false },
);

/**
 * Keeps the state that each VM would have; put the calls to your hypervisor where the comments are. Each hook succeeds
 * when there is nothing left to do, and rejects, changing nothing, when the VM is in a state that does not fit.
 */
export class MyPlugin {
  /** What the constructor is given, in the order of its parameters. */
  static inject = [Options];

  /**
   * By name: a VM that migrates has another number on each host.
   * @type {Map<string, VmStatus>}
   */
  #status = new Map();
  /** @type {Map<string, number>} */
  #cpuFraction = new Map();
  #options;

  /** @param {import('@fairlead/sdk').Static<typeof myPluginOptions>} options */
  constructor(options) {
    this.#options = options;
  }

  /** @param {VmRef} vm */
  async start(vm) {
    this.#change(vm, 'start', ['stopped', 'running'], 'running'); // start the guest here
  }

  /** @param {VmRef} vm */
  async suspend(vm) {
    this.#change(vm, 'suspend', ['running', 'suspended'], 'suspended'); // stop its processors here
  }

  /** @param {VmRef} vm */
  async resume(vm) {
    this.#change(vm, 'resume', ['suspended', 'running'], 'running'); // let them go on here
  }

  /** @param {VmRef} vm */
  async stop(vm) {
    // Here there is nothing left to stop of a VM that has gone.
    if (this.#of(vm) === 'migrated') return;
    this.#change(vm, 'stop', ['stopped', 'running', 'suspended'], 'stopped'); // end the guest here
    this.#cpuFraction.delete(vm.name);
  }

  /**
   * @param {VmRef} vm
   * @param {string} destination
   */
  async migrate(vm, destination) {
    const { destinations } = this.#options;
    if (destinations.length > 0 && !destinations.includes(destination))
      throw refusal('migrate', vm, `${destination} is not among the destinations`);
    this.#change(vm, 'migrate', ['running', 'suspended', 'migrated'], 'migrated'); // move it, and wait for the end
  }

  /**
   * @param {VmRef} vm
   * @param {number} fraction
   */
  async throttle(vm, fraction) {
    if (!(fraction > 0 && fraction <= 1)) throw refusal('throttle', vm, `${fraction} is no fraction above 0 up to 1`);
    const status = this.#of(vm);
    if (status !== 'running' && status !== 'suspended') throw refusal('throttle', vm, `it is ${status}`);
    this.#cpuFraction.set(vm.name, fraction); // set its quota of processor time here
  }

  /** @param {VmRef} vm */
  async status(vm) {
    return this.#of(vm); // ask the hypervisor here: the VM may have ended by itself
  }

  /** @param {VmRef} vm */
  #of(vm) {
    return this.#status.get(vm.name) ?? 'stopped';
  }

  /**
   * @param {VmRef} vm
   * @param {string} hook
   * @param {readonly VmStatus[]} from
   * @param {VmStatus} to
   */
  #change(vm, hook, from, to) {
    const status = this.#of(vm);
    if (!from.includes(status)) throw refusal(hook, vm, `it is ${status}`);
    this.#status.set(vm.name, to);
  }
}

/**
 * @param {string} hook
 * @param {VmRef} vm
 * @param {string} why
 */
function refusal(hook, vm, why) {
  return new FairleadError('FAIRLEAD_ERR_HYPERVISOR', `cannot ${hook} ${vm.name}: ${why}`, {
    where: `hypervisor my-plugin, ${hook}`,
    mend: 'ask for its status and act on that',
  });
}

export default definePlugin({
  kind: 'hypervisor',
  name: 'my-plugin',
  apiVersion: 1,
  options: myPluginOptions,
  implementation: MyPlugin,
  module: import.meta.url,
});
