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
import { Deal, PLACES } from './deal.ts';
import { weightedOptions } from './options.ts';
import { Turn, weightsOf } from './weights.ts';

export { weightedOptions };

/**
 * Each NIC has as much of the frames, the flows or the VMs as its weight says, whatever its load.
 *
 * @example
 * ```ts
 * import weighted, { type Weighted } from '@fairlead/load-distribution-weighted';
 * import { createInstance, testBatch, testNics } from '@fairlead/sdk/testing';
 *
 * const nics = testNics([10e9, 1e9], ['fibre', 'copper']);
 * const policy = createInstance(weighted, { weights: { fibre: 4 }, per: 'frame' }, { nics }) as Weighted;
 * const batch = testBatch([64, 64, 64, 64, 64]);
 * policy.select(batch);
 * console.log([...batch.nic.subarray(0, 5)].filter((nic) => nic === 0).length); // 4
 * ```
 */
export class Weighted implements LoadDistribution {
  readonly #nics: NicTable;
  readonly #moves: MoveLog;
  readonly #vmTeam: Int32Array;
  readonly #per: 'frame' | 'flow' | 'vm';
  readonly #weights: Float64Array;
  readonly #turn: Turn;
  #epoch = -1;
  /** By team, each of which has other NICs. */
  readonly #deals: Deal[] = [];
  /** The homes that a predecessor had dealt out. */
  #kept: Int32Array | undefined;

  /** @throws FairleadError `FAIRLEAD_ERR_CONFIG_NAME` when a weight is that of a NIC which the host does not have. */
  constructor(
    @inject(Nics) nics: NicTable,
    @inject(Vms) vms: VmTable,
    @inject(Options) { weights, per }: Static<typeof weightedOptions>,
    @inject(Moves) moves: MoveLog,
  ) {
    this.#nics = nics;
    this.#moves = moves;
    this.#vmTeam = vms.team;
    this.#per = per;
    this.#weights = weightsOf(weights, nics);
    this.#turn = new Turn(this.#weights);
    if (per !== 'frame') for (const team of vms.team) this.#dealOf(team);
  }

  select(batch: TransmitBatch): undefined {
    if (this.#per === 'frame') return this.#inTurn(batch);
    const deal = this.#dealOf(this.#vmTeam[batch.vm]);
    if (deal.epoch !== this.#nics.epoch) this.#arrange(batch.vm);
    const { flow, nic: chosen, count, vm } = batch;
    const byPlace = deal.nic;
    if (this.#per === 'vm') {
      const nic = byPlace[vm & (PLACES - 1)];
      for (let i = 0; i < count; i++) chosen[i] = nic;
      return;
    }
    for (let i = 0; i < count; i++) chosen[i] = byPlace[flow[i] & (PLACES - 1)];
  }

  #arrange(vm: number): void {
    const team = this.#vmTeam[vm];
    const { available, availableCount } = this.#nics;
    const serving = available.subarray(0, availableCount);
    this.#dealOf(team).arrange(this.#nics, (places, from, to) => {
      const what = `${places} of ${PLACES} places of ${this.#per}s`;
      const cause = serving.includes(from) ? 'their own NIC is available again' : 'their NIC is not available';
      this.#moves.moved({ team, what, from: [from], to: [to], cause });
    });
  }

  explain({ vm, flow, nic: chosen }: TransmitBatch, i: number): Explanation {
    const { available, availableCount, names } = this.#nics;
    const others = [...available.subarray(0, availableCount)].filter((nic) => nic !== chosen[i]);
    const per = this.#per;
    const weight = this.#weights[chosen[i]];
    if (per === 'frame') {
      const rejected = new Map(others.map((nic) => [nic, `has weight ${this.#weights[nic]}, and its turn is another`]));
      return { why: 'its turn, by weight', state: { per, weight }, rejected };
    }
    const deal = this.#dealOf(this.#vmTeam[vm]);
    const place = (per === 'vm' ? vm : flow[i]) & (PLACES - 1);
    const own = deal.home[place];
    const what = per === 'vm' ? 'the VM' : 'its flow';
    const where = `${what} has place ${place} of ${PLACES}`;
    const why = own === chosen[i] ? `${where}, which is here` : `${where}, whose NIC ${names[own]} is not available`;
    const rejected = new Map(others.map((nic) => [nic, `has ${deal.placesOf(nic)} other places`]));
    return { why, state: { per, place, weight, places: deal.placesOf(chosen[i]) }, rejected };
  }

  #inTurn({ nic: chosen, count }: TransmitBatch): undefined {
    const { available, availableCount, epoch } = this.#nics;
    if (epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.#turn.clear();
    }
    for (let i = 0; i < count; i++) chosen[i] = this.#turn.next(available, availableCount);
  }

  /** The home of each place, and what each NIC has earned in turns by frame. */
  exportState(): { homes: Int32Array; credit: Float64Array } {
    return { homes: this.#dealOf(0).home.slice(), credit: this.#turn.credit.slice() };
  }

  /**
   * Leaves every place where a predecessor had it, as far as the weights are the same; the state of another plugin is
   * left alone.
   *
   * @throws TypeError for a state of weighted that is not one of these NICs.
   */
  importState(state: unknown, from: StateOrigin): undefined {
    if (from.name !== 'weighted') return;
    const { homes, credit } = (state ?? {}) as { homes?: unknown; credit?: unknown };
    const { count, epoch } = this.#nics;
    if (!(homes instanceof Int32Array && homes.length === PLACES && homes.every((nic) => nic >= 0 && nic < count)))
      throw new TypeError('it has places on other NICs');
    if (!(credit instanceof Float64Array && credit.length === MAX_NICS && credit.every((one) => Math.abs(one) <= 1e9)))
      throw new TypeError('it has no turns');
    this.#kept = homes;
    for (const deal of this.#deals) deal?.keep(homes);
    this.#turn.credit.set(credit);
    this.#epoch = epoch; // the turns go on
  }

  /** A team that had no VM when the host started has its deal when it first has one. */
  #dealOf(team: number): Deal {
    const deal = this.#deals[team];
    if (deal !== undefined) return deal;
    const made = new Deal(this.#nics, this.#weights);
    if (this.#kept !== undefined) made.keep(this.#kept);
    this.#deals[team] = made;
    return made;
  }
}

/**
 * The plugin: `distribution: { use: weighted }`.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import weighted from '@fairlead/load-distribution-weighted';
 *
 * const builder = createHost().distribute(use(weighted, { weights: { uplink0: 3, uplink1: 1 } }));
 * ```
 */
export default definePlugin({
  kind: 'load-distribution',
  name: 'weighted',
  apiVersion: 1,
  options: weightedOptions,
  implementation: Weighted,
  needs: ['flow'],
  module: import.meta.url,
});
