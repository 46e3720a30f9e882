import {
  definePlugin,
  type Explanation,
  inject,
  type LoadDistribution,
  Nics,
  type NicTable,
  type TransmitBatch,
  Type,
} from '@fairlead/sdk';

/** It has no options: which NIC comes first is the team's business. */
export const activeBackupOptions = Type.Object({}, { additionalProperties: false });

/**
 * One NIC carries every frame, the current one of the team; another one does only when the team says so.
 *
 * @example
 * ```ts
 * import activeBackup, { type ActiveBackup } from '@fairlead/load-distribution-active-backup';
 * import { createInstance, testBatch, testNics } from '@fairlead/sdk/testing';
 *
 * const policy = createInstance(activeBackup, {}, { nics: testNics([1e9, 1e9]) }) as ActiveBackup;
 * const batch = testBatch([64]);
 * policy.select(batch);
 * ```
 */
export class ActiveBackup implements LoadDistribution {
  readonly #nics: NicTable;

  constructor(@inject(Nics) nics: NicTable) {
    this.#nics = nics;
  }

  select(batch: TransmitBatch): undefined {
    const nic = this.#nics.preferred;
    const { nic: chosen, count } = batch;
    for (let i = 0; i < count; i++) chosen[i] = nic;
  }

  explain(): Explanation {
    const { available, availableCount, preferred } = this.#nics;
    const others = [...available.subarray(0, availableCount)].filter((nic) => nic !== preferred);
    const rejected = new Map(others.map((nic) => [nic, 'serves, and is not the first of the team']));
    return { why: 'the current NIC of the team: it carries every frame', rejected };
  }
}

/**
 * The plugin: `distribution: { use: active-backup }`.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import activeBackup from '@fairlead/load-distribution-active-backup';
 *
 * const builder = createHost().distribute(use(activeBackup));
 * ```
 */
export default definePlugin({
  kind: 'load-distribution',
  name: 'active-backup',
  apiVersion: 1,
  options: activeBackupOptions,
  implementation: ActiveBackup,
  module: import.meta.url,
});
