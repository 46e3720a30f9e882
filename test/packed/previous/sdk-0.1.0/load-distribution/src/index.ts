import type { LoadDistribution, NicTable, Static, TransmitBatch, VmTable } from '@fairlead/sdk';
import { definePlugin, inject, Nics, Options, Size, Type, Vms } from '@fairlead/sdk';

export const previousLoadDistributionOptions = Type.Object(
  {
    marginBytes: Size({
      default: 6000,
      description: 'A VM leaves its NIC only for one on which this much less is pending.',
    }),
  },
  { additionalProperties: false },
);

/** Each VM stays on its NIC until another one has clearly less to send, so that frames of a flow rarely overtake. */
export class PreviousLoadDistribution implements LoadDistribution {
  /** NIC that each VM used last; -1 before its first batch. Made once: `select` must not allocate. */
  readonly #last: Int32Array;

  constructor(
    @inject(Nics) private readonly nics: NicTable,
    @inject(Vms) vms: VmTable,
    @inject(Options) private readonly options: Static<typeof previousLoadDistributionOptions>,
  ) {
    this.#last = new Int32Array(vms.count).fill(-1);
  }

  select(batch: TransmitBatch): undefined {
    const { available, availableCount, pendingBytes } = this.nics;
    const last = this.#last[batch.vm];
    let least = available[0];
    let lastIsAvailable = false;
    for (let i = 0; i < availableCount; i++) {
      const nic = available[i];
      if (nic === last) lastIsAvailable = true;
      if (pendingBytes[nic] < pendingBytes[least]) least = nic;
    }
    const gain = lastIsAvailable ? pendingBytes[last] - pendingBytes[least] : Number.POSITIVE_INFINITY;
    const chosen = gain > this.options.marginBytes ? least : last;
    this.#last[batch.vm] = chosen;
    batch.nic.fill(chosen, 0, batch.count);
  }
}

export default definePlugin({
  kind: 'load-distribution',
  name: 'previous-load-distribution',
  apiVersion: 1,
  options: previousLoadDistributionOptions,
  implementation: PreviousLoadDistribution,
  module: import.meta.url,
});
