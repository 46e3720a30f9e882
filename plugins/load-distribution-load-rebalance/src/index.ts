import {
  definePlugin,
  type Explanation,
  FairleadError,
  inject,
  type LoadDistribution,
  type Log,
  Logger,
  type MoveLog,
  Moves,
  Nics,
  type NicTable,
  NO_NIC_YET,
  Options,
  type PolicyMove,
  type StateOrigin,
  type Static,
  type TransmitBatch,
  Vms,
  type VmTable,
} from '@fairlead/sdk';
import { Balance } from './balance.ts';
import { explainPlace } from './explain.ts';
import { Meter } from './meter.ts';
import { movesBetween } from './moves-between.ts';
import { loadRebalanceOptions } from './options.ts';
import type { PlacesState } from './places.ts';
import { BUCKETS, type Share, shareOf } from './share.ts';

export { loadRebalanceOptions };

/** Units that are moved in one interval, at most. */
const MAX_MOVES = 256;

type RebalanceOptions = Static<typeof loadRebalanceOptions>;

/**
 * Each VM, or each bucket of flows, goes over one NIC; now and then some go over another, when that makes what the NICs
 * have to carry more even.
 *
 * @example
 * ```ts
 * import loadRebalance, { type LoadRebalance } from '@fairlead/load-distribution-load-rebalance';
 * import { createInstance, testBatch, testNics } from '@fairlead/sdk/testing';
 *
 * const parts = { nics: testNics([1e9, 1e9]) };
 * const policy = createInstance(loadRebalance, { granularity: 'vm', intervalMs: '10s' }, parts) as LoadRebalance;
 * policy.select(testBatch([1514, 1514]));
 * ```
 */
export class LoadRebalance implements LoadDistribution {
  readonly #nics: NicTable;
  readonly #vms: VmTable;
  readonly #options: RebalanceOptions;
  readonly #log: Log;
  readonly #moves: MoveLog;
  readonly #byVm: boolean;
  readonly #meter: Meter;
  /** By team, each of which has other NICs. */
  readonly #shares: Share[] = [];
  readonly #teams: number;
  /** Forwarding workers, each of which balances its own VMs and has as much of every NIC. */
  readonly #workers: number;

  /** @throws FairleadError `FAIRLEAD_ERR_PLUGIN_OPTIONS` for the received load of buckets, which nobody measures. */
  constructor(
    @inject(Nics) nics: NicTable,
    @inject(Vms) vms: VmTable,
    @inject(Options) options: RebalanceOptions,
    @inject(Logger) log: Log,
    @inject(Moves) moves: MoveLog,
  ) {
    if (options.granularity === 'bucket' && options.load === 'rx') {
      throw new FairleadError('FAIRLEAD_ERR_PLUGIN_OPTIONS', 'what buckets of flows receive is not known', {
        where: 'options.load',
        mend: 'measure tx, or move VMs: granularity: vm',
      });
    }
    this.#nics = nics;
    this.#vms = vms;
    this.#options = options;
    this.#log = log;
    this.#moves = moves;
    this.#byVm = options.granularity === 'vm';
    this.#teams = 1 + vms.team.reduce((highest, team) => Math.max(highest, team), 0);
    this.#workers = 1 + vms.worker.reduce((highest, worker) => Math.max(highest, worker), 0);
    this.#meter = new Meter(nics, this.#byVm ? vms.count : this.#teams * BUCKETS);
    for (let team = 0; team < this.#teams; team++) this.#shares.push(shareOf(nics, vms, team, this.#meter, options));
  }

  select(batch: TransmitBatch): undefined {
    const nics = this.#nics;
    this.#meter.settle();
    const team = this.#teamOf(batch.vm);
    const share = this.#shares[team];
    if (share.places.epoch !== nics.epoch) this.#arrange(share, team);
    if (share.isDue(batch.nowUs)) this.#consider(share, batch.nowUs);
    if (share.movesLeft > 0) this.#level(share, team);
    if (this.#byVm) this.#selectVm(batch, share);
    else this.#selectBuckets(batch, share, team);
  }

  explain({ vm, flow, nic: chosen }: TransmitBatch, i: number): Explanation {
    const share = this.#shares[this.#teamOf(vm)];
    const unit = this.#byVm ? vm : flow[i] & (BUCKETS - 1);
    this.#balance.weigh(share, this.#nics);
    const percentOf = (nic: number): number => this.#percent(this.#balance.partOf(nic));
    return explainPlace(this.#nics, share, { what: this.#nameOf(unit), unit, chosen: chosen[i], percentOf });
  }

  /** Where the units of each team are. What they send is measured anew. */
  exportState(): { granularity: string; teams: PlacesState[] } {
    return { granularity: this.#options.granularity, teams: this.#shares.map(({ places }) => places.copy()) };
  }

  /**
   * Leaves every VM, or every bucket, where a predecessor had it; the state of another plugin, or of other units, is left
   * alone.
   *
   * @throws TypeError for a state of load-rebalance that is not one of these units and NICs.
   */
  importState(state: unknown, from: StateOrigin): undefined {
    if (from.name !== 'load-rebalance') return;
    const { granularity, teams } = (state ?? {}) as { granularity?: unknown; teams?: unknown };
    if ((granularity === 'vm' || granularity === 'bucket') && granularity !== this.#options.granularity) return;
    if (!Array.isArray(teams) || teams.length !== this.#shares.length) throw new TypeError('it has other teams');
    for (const [team, { places }] of this.#shares.entries()) places.take(teams[team]);
  }

  #teamOf(vm: number): number {
    // A team that had no VM when the host started keeps to the last one's table, whose NICs are arranged anew.
    return Math.min(this.#vms.team[vm], this.#teams - 1);
  }

  #which(unit: number): Pick<PolicyMove, 'vm' | 'what'> {
    return this.#byVm ? { vm: unit } : { what: this.#nameOf(unit) };
  }

  #nameOf(unit: number): string {
    return this.#byVm ? `VM ${this.#vms.names[unit]}` : `bucket ${unit}`;
  }

  /** What a part of a NIC is of all workers together. */
  #percent(part: number): number {
    return Math.round(1000 * part * this.#workers) / 10;
  }

  #selectVm({ vm, count, bytes, nic: chosen }: TransmitBatch, { places }: Share): void {
    const nic = places.to[vm] < 0 || places.drained(vm) ? places.nic[vm] : NO_NIC_YET;
    for (let i = 0; i < count; i++) chosen[i] = nic;
    if (nic === NO_NIC_YET) return;
    for (let i = 0; i < count; i++) this.#meter.add(vm, bytes[i]);
    places.note(vm, count);
  }

  #selectBuckets({ count, bytes, flow, nic: chosen }: TransmitBatch, { places }: Share, team: number): void {
    for (let i = 0; i < count; i++) {
      const bucket = flow[i] & (BUCKETS - 1);
      if (places.to[bucket] >= 0 && !places.drained(bucket)) {
        for (; i < count; i++) chosen[i] = NO_NIC_YET;
        return;
      }
      chosen[i] = places.nic[bucket];
      this.#meter.add(team * BUCKETS + bucket, bytes[i]);
      places.note(bucket, count);
    }
  }

  #arrange(share: Share, team: number): void {
    const { places } = share;
    const before = Int32Array.from({ length: share.units }, (_, unit) => places.placeOf(unit));
    places.arrange(this.#nics);
    const { lost, returned } = places.changed;
    const what = this.#byVm ? 'VMs' : 'buckets';
    if (lost > 0) this.#log.info(`moved ${lost} ${what}: their NIC is not available`);
    if (returned > 0) this.#log.info(`moving ${returned} ${what} back: their NIC has returned`);
    const { available, availableCount } = this.#nics;
    const serving = available.subarray(0, availableCount);
    for (const [from, to, units] of movesBetween(before, (unit) => places.placeOf(unit))) {
      const mine = this.#byVm ? units.filter((vm) => this.#vms.team[vm] === team) : units;
      if (mine.length === 0) continue;
      const cause = serving.includes(from) ? 'the NIC that they belong to has returned' : 'their NIC is not available';
      const which = mine.length > 1 ? { what: `${mine.length} ${what}` } : this.#which(mine[0]);
      this.#moves.moved({ team, ...which, from: [from], to: [to], cause });
    }
  }

  /** The interval is over: takes down what each unit has sent, and moves some where that helps. */
  #consider(share: Share, nowUs: number): void {
    const nics = this.#nics;
    share.take(nowUs);
    const mostPart = this.#balance.weigh(share, nics) * this.#workers;
    share.movesLeft = mostPart * 100 < this.#options.thresholdPercent ? 0 : MAX_MOVES;
  }

  /** One step, lest the frames of a batch wait for the choice of many moves. */
  #level(share: Share, team: number): void {
    this.#team = team;
    this.#balance.weigh(share, this.#nics);
    const moves = this.#balance.step(share, this.#nics);
    share.movesLeft = moves === 0 ? 0 : share.movesLeft - moves;
  }

  /** The team that is being levelled. */
  #team = 0;

  readonly #balance = new Balance(({ unit, load, from, to, fromPart, toPart }) => {
    const { names } = this.#nics;
    this.#log.info(`moving ${this.#nameOf(unit)} from ${names[from]} to ${names[to]}: uneven load`, {
      loadBps: Math.round(load),
      fromPercent: this.#percent(fromPart),
      toPercent: this.#percent(toPart),
    });
    const which = this.#which(unit);
    const cause = `uneven load, ${this.#percent(fromPart)}% of its speed to ${this.#percent(toPart)}%`;
    this.#moves.moved({ team: this.#team, ...which, from: [from], to: [to], cause });
  });
}

/**
 * The plugin: `distribution: { use: load-rebalance }`.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import loadRebalance from '@fairlead/load-distribution-load-rebalance';
 *
 * const builder = createHost().distribute(use(loadRebalance, { granularity: 'bucket', intervalMs: '10s' }));
 * ```
 */
export default definePlugin({
  kind: 'load-distribution',
  name: 'load-rebalance',
  apiVersion: 1,
  options: loadRebalanceOptions,
  implementation: LoadRebalance,
  needs: ['flow'],
  module: import.meta.url,
});
