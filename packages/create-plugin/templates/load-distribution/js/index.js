import { definePlugin, Nics, Options, Size, Type, Vms } from '@fairlead/sdk';

export const myPluginOptions = Type.Object(
  {
    marginBytes: Size({
      default: 6000,
      description: 'A VM leaves its NIC only for one on which this much less is pending.',
    }),
  },
  { additionalProperties: false },
);

/** Each VM stays on its NIC until another one has clearly less to send, so that frames of a flow rarely overtake. */
export class MyPlugin {
  /** What the constructor is given, in the order of its parameters. */
  static inject = [Nics, Vms, Options];

  /** NIC that each VM used last; -1 before its first batch. Made once: `select` must not allocate. */
  #last;
  #nics;
  #options;

  /**
   * @param {import('@fairlead/sdk').NicTable} nics
   * @param {import('@fairlead/sdk').VmTable} vms
   * @param {import('@fairlead/sdk').Static<typeof myPluginOptions>} options
   */
  constructor(nics, vms, options) {
    this.#nics = nics;
    this.#options = options;
    this.#last = new Int32Array(vms.count).fill(-1);
  }

  /**
   * @param {import('@fairlead/sdk').TransmitBatch} batch
   * @returns {undefined}
   */
  select(batch) {
    const { available, availableCount, pendingBytes } = this.#nics;
    const last = this.#last[batch.vm];
    let least = available[0];
    let lastIsAvailable = false;
    for (let i = 0; i < availableCount; i++) {
      const nic = available[i];
      if (nic === last) lastIsAvailable = true;
      if (pendingBytes[nic] < pendingBytes[least]) least = nic;
    }
    const gain = lastIsAvailable ? pendingBytes[last] - pendingBytes[least] : Number.POSITIVE_INFINITY;
    const chosen = gain > this.#options.marginBytes ? least : last;
    this.#last[batch.vm] = chosen;
    batch.nic.fill(chosen, 0, batch.count);
  }
}

export default definePlugin({
  kind: 'load-distribution',
  name: 'my-plugin',
  apiVersion: 1,
  options: myPluginOptions,
  implementation: MyPlugin,
  module: import.meta.url,
});
