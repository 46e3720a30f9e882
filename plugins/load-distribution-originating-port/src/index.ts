import {
  definePlugin,
  type Explanation,
  inject,
  type LoadDistribution,
  Nics,
  type NicTable,
  type TransmitBatch,
  Type,
  Vms,
  type VmTable,
} from '@fairlead/sdk';

/** It has no options. */
export const originatingPortOptions = Type.Object({}, { additionalProperties: false });

/**
 * Each virtual NIC goes over one NIC of the team, its number modulo the NICs that serve. All VMs behind a shared port
 * keep together, and a switch sees each MAC address on one of its ports.
 *
 * @example
 * ```ts
 * import originatingPort, { type OriginatingPort } from '@fairlead/load-distribution-originating-port';
 * import { createInstance, testBatch, testNics } from '@fairlead/sdk/testing';
 *
 * const policy = createInstance(originatingPort, {}, { nics: testNics([1e9, 1e9]) }) as OriginatingPort;
 * const batch = testBatch([64]);
 * policy.select(batch);
 * ```
 */
export class OriginatingPort implements LoadDistribution {
  readonly #nics: NicTable;
  readonly #vms: VmTable;

  constructor(@inject(Nics) nics: NicTable, @inject(Vms) vms: VmTable) {
    this.#nics = nics;
    this.#vms = vms;
  }

  select(batch: TransmitBatch): undefined {
    const { available, availableCount } = this.#nics;
    const nic = available[this.#vms.vnic[batch.vm] % availableCount];
    const { nic: chosen, count } = batch;
    for (let i = 0; i < count; i++) chosen[i] = nic;
  }

  explain({ vm }: TransmitBatch): Explanation {
    const { available, availableCount } = this.#nics;
    const vnic = this.#vms.vnic[vm];
    const place = vnic % availableCount;
    const others = [...available.subarray(0, availableCount)].filter((_, k) => k !== place);
    const rejected = new Map(others.map((nic) => [nic, 'is for virtual NICs of other numbers']));
    return {
      why: `virtual NIC ${vnic} modulo ${availableCount} NICs is place ${place}`,
      state: { vnic, place },
      rejected,
    };
  }
}

/**
 * The plugin: `distribution: { use: originating-port }`.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import originatingPort from '@fairlead/load-distribution-originating-port';
 *
 * const builder = createHost().distribute(use(originatingPort));
 * ```
 */
export default definePlugin({
  kind: 'load-distribution',
  name: 'originating-port',
  apiVersion: 1,
  options: originatingPortOptions,
  implementation: OriginatingPort,
  module: import.meta.url,
});
