import {
  definePlugin,
  type Explanation,
  inject,
  type LoadDistribution,
  type MoveLog,
  Moves,
  Nics,
  type NicTable,
  Options,
  type Static,
  type TransmitBatch,
  Vms,
  type VmTable,
} from '@fairlead/sdk';
import { explainFinish } from './explain.ts';
import { NicPace } from './nic-pace.ts';
import { pendingLoadOptions } from './options.ts';
import { PriorityWatch } from './priority-watch.ts';
import { ReservedHomes } from './reserved-homes.ts';
import { Runs } from './runs.ts';
import { createSpread, emptyOrder, type Spread } from './spread.ts';

export { pendingLoadOptions };

/** Frame by frame unless it says otherwise. */
type PendingLoadOptions = Omit<Static<typeof pendingLoadOptions>, RunOption> &
  Partial<Pick<Static<typeof pendingLoadOptions>, RunOption>>;
type RunOption = 'granularity' | 'flowletGapUs';

/**
 * The NIC that would be finished with a frame first: least pending bytes, at that NIC's speed.
 *
 * The choice holds until the NIC would finish after the runner-up, so that a frame costs one comparison and the NICs
 * are compared once per `grainBytes` or more. NICs that would finish at the same time take turns.
 *
 * @example
 * ```ts
 * import { PendingLoad } from '@fairlead/load-distribution-pending-load';
 * import { testBatch, testNics, testVms } from '@fairlead/sdk/testing';
 *
 * const nics = testNics([1e9, 1e9]);
 * nics.pendingBytes[0] = 3000;
 * const options = { grainBytes: 1514, priority: false, priorityHoldUs: 0, reservations: false };
 * const batch = testBatch([1514]);
 * new PendingLoad(nics, testVms([{}]), options).select(batch);
 * console.log(batch.nic[0]); // 1: nothing waits there
 * ```
 */
export class PendingLoad implements LoadDistribution {
  readonly #grainBytes: number;
  readonly #watch: PriorityWatch | undefined;
  readonly #homes: ReservedHomes | undefined;
  readonly #pace: NicPace;
  /** For flowlets, flows and VMs. */
  readonly #runs: Runs | undefined;
  readonly #window = emptyOrder();
  #spread: Spread = () => undefined;
  /** The batch that `#spread` writes to: the host's only one. */
  #batch: TransmitBatch | undefined;
  #epoch = -1;

  constructor(
    @inject(Nics) private readonly nics: NicTable,
    @inject(Vms) private readonly vms: VmTable,
    @inject(Options) options: PendingLoadOptions,
    @inject(Moves) moves: MoveLog = { moved: () => undefined },
  ) {
    this.#grainBytes = options.grainBytes;
    this.#watch = options.priority ? new PriorityWatch(options.priorityHoldUs) : undefined;
    this.#homes = options.reservations ? new ReservedHomes(nics, vms) : undefined;
    this.#pace = new NicPace(nics);
    const { granularity = 'frame', flowletGapUs = 0 } = options;
    if (granularity !== 'frame')
      this.#runs = new Runs(nics, vms, this.#pace, { granularity, gapUs: flowletGapUs, moves });
  }

  select(batch: TransmitBatch): undefined {
    const home = this.#homes === undefined ? -1 : this.#homes.of(batch.vm);
    if (home >= 0) return sendAll(batch, home);
    const { nics } = this;
    if (nics.epoch !== this.#epoch) this.#renew();
    if (this.#runs !== undefined) return this.#keepTogether(batch, this.#runs);
    const nicCount = nics.availableCount;
    if (nicCount === 1) return sendAll(batch, nics.available[0]);
    if (batch !== this.#batch) this.#writeTo(batch);
    const outranked = this.#watch?.isOutranked(this.vms.priority[batch.vm], batch.nowUs) ?? false;
    this.#spread(batch.count, nicCount, outranked);
  }

  #keepTogether(batch: TransmitBatch, runs: Runs): undefined {
    const outranked = this.#watch?.isOutranked(this.vms.priority[batch.vm], batch.nowUs) ?? false;
    runs.select(batch, outranked);
  }

  explain(batch: TransmitBatch, i: number): Explanation {
    const { vm } = batch;
    const reservedBps = this.vms.reservationBps[vm];
    const home = this.#homes?.of(vm) ?? -1;
    if (home >= 0) {
      const { available, availableCount } = this.nics;
      const others = [...available.subarray(0, availableCount)].filter((nic) => nic !== home);
      const rejected = new Map(others.map((nic) => [nic, 'the reservation of the VM is kept on another']));
      return { why: 'the reservation of the VM is kept here', state: { reservedBps }, rejected };
    }
    if (this.#runs !== undefined) return this.#runs.explain(batch.nic[i]);
    const outranked = this.#watch?.outranks(this.vms.priority[vm]) ?? false;
    return explainFinish(this.nics, this.#pace, this.#grainBytes, outranked, batch, i);
  }

  #writeTo(batch: TransmitBatch): void {
    this.#batch = batch;
    this.#spread = createSpread(this.#window, this.nics, this.#pace, this.#grainBytes, batch);
  }

  #renew(): void {
    const { available, availableCount, epoch } = this.nics;
    for (let k = 0; k < availableCount; k++) this.#window.order[k] = available[k];
    this.#window.head[0] = 0;
    this.#pace.learn();
    this.#epoch = epoch;
  }
}

function sendAll(batch: TransmitBatch, nic: number): undefined {
  const chosen = batch.nic;
  const count = batch.count;
  for (let i = 0; i < count; i++) chosen[i] = nic;
}

/**
 * The plugin: `distribution: { use: pending-load }`.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import pendingLoad from '@fairlead/load-distribution-pending-load';
 *
 * const builder = createHost().distribute(use(pendingLoad, { grainBytes: '9000B' }));
 * ```
 */
export default definePlugin({
  kind: 'load-distribution',
  name: 'pending-load',
  apiVersion: 1,
  options: pendingLoadOptions,
  implementation: PendingLoad,
  needs: ({ granularity }: Static<typeof pendingLoadOptions>) =>
    granularity === 'flow' || granularity === 'flowlet' ? ['flow'] : [],
  module: import.meta.url,
});
