// A plugin in plain JavaScript: no decorators, no build. `static inject` names what the constructor is given, in order.
// A host file says `distribution: { use: ./least-used.mjs }`; 03-plain-javascript.ts does the same from code.
import { definePlugin, Nics, Type } from '@fairlead/sdk';

/** Every batch to the NIC that has carried least so far, in bytes. */
export class LeastUsed {
  static inject = [Nics];

  /** @param {import('@fairlead/sdk').NicTable} nics */
  constructor(nics) {
    this.nics = nics;
  }

  /**
   * @param {import('@fairlead/sdk').TransmitBatch} batch
   * @returns {undefined}
   */
  select(batch) {
    const { available, availableCount, txBytes, pendingBytes } = this.nics;
    let least = available[0];
    for (let i = 1; i < availableCount; i++) {
      const nic = available[i];
      if (txBytes[nic] + pendingBytes[nic] < txBytes[least] + pendingBytes[least]) least = nic;
    }
    batch.nic.fill(least, 0, batch.count);
  }
}

export default definePlugin({
  kind: 'load-distribution',
  name: 'least-used',
  apiVersion: 1,
  options: Type.Object({}, { additionalProperties: false }),
  implementation: LeastUsed,
});
