import {
  definePlugin,
  type Explanation,
  inject,
  type LoadDistribution,
  MAX_NICS,
  type MoveLog,
  Moves,
  Nics,
  type NicTable,
  Options,
  type StateOrigin,
  type Static,
  type TransmitBatch,
  Vms,
  type VmTable,
} from '@fairlead/sdk';
import { BUCKETS, type BucketState, BucketTable } from './bucket-table.ts';
import { type HashFrame, hashOf } from './frame-hash.ts';
import { flowHashOptions } from './options.ts';

export { flowHashOptions };

/**
 * Each flow goes over one NIC: its headers are hashed, the hash names one of 256 buckets, and every bucket has its NIC.
 *
 * @example
 * ```ts
 * import flowHash, { type FlowHash } from '@fairlead/load-distribution-flow-hash';
 * import { createInstance, testBatch, testNics } from '@fairlead/sdk/testing';
 *
 * const policy = createInstance(flowHash, {}, { nics: testNics([1e9, 1e9]) }) as FlowHash;
 * const batch = testBatch([64, 1514], { flows: [7, 7] });
 * policy.select(batch);
 * console.log(batch.nic[0] === batch.nic[1]); // true: one flow, one NIC
 * ```
 */
export class FlowHash implements LoadDistribution {
  readonly #nics: NicTable;
  readonly #moves: MoveLog;
  readonly #vmTeam: Int32Array;
  readonly #hash: HashFrame;
  readonly #weighted: boolean;
  /** By team, each of which has other NICs. */
  readonly #tables: BucketTable[] = [];

  constructor(
    @inject(Nics) nics: NicTable,
    @inject(Vms) vms: VmTable,
    @inject(Options) { layer, encapsulated, weighted }: Static<typeof flowHashOptions>,
    @inject(Moves) moves: MoveLog,
  ) {
    this.#nics = nics;
    this.#moves = moves;
    this.#vmTeam = vms.team;
    this.#hash = hashOf(layer, encapsulated);
    this.#weighted = weighted;
    for (const team of vms.team) this.#tableOf(team);
  }

  select(batch: TransmitBatch): undefined {
    const nics = this.#nics;
    const table = this.#tableOf(this.#vmTeam[batch.vm]);
    if (table.epoch !== nics.epoch || table.isOutweighed(nics)) this.#arrange(batch.vm);
    const { memory, offset, bytes, nic: chosen, count } = batch;
    const hash = this.#hash;
    const byBucket = table.nic;
    for (let i = 0; i < count; i++) chosen[i] = byBucket[hash(memory, offset[i], bytes[i]) & (BUCKETS - 1)];
  }

  #arrange(vm: number): void {
    const team = this.#vmTeam[vm];
    this.#tableOf(team).arrange(this.#nics, (buckets, from, to, cause) => {
      const what = buckets === 1 ? '1 bucket' : `${buckets} buckets`;
      this.#moves.moved({ team, what, from: [from], to: [to], cause });
    });
  }

  explain({ vm, memory, offset, bytes }: TransmitBatch, i: number): Explanation {
    const bucket = this.#hash(memory, offset[i], bytes[i]) & (BUCKETS - 1);
    const { nic } = this.#tableOf(this.#vmTeam[vm]);
    const { available, availableCount } = this.#nics;
    const others = [...available.subarray(0, availableCount)].filter((other) => other !== nic[bucket]);
    const rejected = new Map(others.map((other) => [other, 'has other buckets']));
    return { why: `its headers fall into bucket ${bucket} of ${BUCKETS}, which is here`, state: { bucket }, rejected };
  }

  /** The tables of all teams that have one: a successor leaves every bucket where it is. */
  exportState(): { teams: (BucketState & { team: number })[] } {
    return {
      teams: this.#tables.flatMap((table, team) => {
        const state = table.copy();
        return state === undefined ? [] : [{ ...state, team }];
      }),
    };
  }

  /**
   * Takes the buckets of a predecessor, whatever it hashed; the state of another plugin is left alone.
   *
   * @throws TypeError for a state of flow-hash that is not one of these NICs.
   */
  importState(state: unknown, from: StateOrigin): undefined {
    if (from.name !== 'flow-hash') return;
    const { teams } = (state ?? {}) as { teams?: unknown };
    if (!Array.isArray(teams)) throw new TypeError('it has no teams');
    for (const one of teams as readonly { team?: unknown }[]) {
      const team = one?.team;
      if (!(Number.isInteger(team) && (team as number) >= 0 && (team as number) < MAX_NICS))
        throw new TypeError('it is of no team');
      this.#tableOf(team as number).take(one, this.#nics);
    }
  }

  /** A team that had no VM when the host started has its table when it first has one. */
  #tableOf(team: number): BucketTable {
    return (this.#tables[team] ??= new BucketTable(this.#weighted));
  }
}

/**
 * The plugin: `distribution: { use: flow-hash }`.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import flowHash from '@fairlead/load-distribution-flow-hash';
 *
 * const builder = createHost().distribute(use(flowHash));
 * ```
 */
export default definePlugin({
  kind: 'load-distribution',
  name: 'flow-hash',
  apiVersion: 1,
  options: flowHashOptions,
  implementation: FlowHash,
  needs: ['headers'],
  module: import.meta.url,
});
