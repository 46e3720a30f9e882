import {
  type AdmissionPolicy,
  definePlugin,
  type Explanation,
  inject,
  type Lifecycle,
  Options,
  type StateOrigin,
  type TransmitBatch,
  Vms,
  type VmTable,
} from '@fairlead/sdk';
import { BucketAdmission } from './bucket-admission.ts';
import { ColourAdmission } from './colour-admission.ts';
import { type Explained, FrameRate } from './frame-rate.ts';
import { rowsOf } from './groups.ts';
import { options, type ShapingOptions } from './options.ts';
import { QueueLimit } from './queue-limit.ts';
import { SingleRateMeter } from './srtcm.ts';
import { copyColumns, emptyRow, type StateColumn, takeColumns } from './state-columns.ts';
import { TwoRateMeter } from './trtcm.ts';
import { ExcessRateMeter } from './trtcm4115.ts';

export { options, type ShapingOptions } from './options.ts';

type Metered = BucketAdmission | ColourAdmission;

function policyFor(vms: VmTable, options: ShapingOptions, rowOf: Int32Array): Metered {
  switch (options.meter) {
    case 'token-bucket':
      return new BucketAdmission(vms, options, rowOf);
    case 'srtcm':
      return new ColourAdmission(vms, options, rowOf, SingleRateMeter);
    case 'trtcm':
      return new ColourAdmission(vms, options, rowOf, TwoRateMeter);
    case 'trtcm-4115':
      return new ColourAdmission(vms, options, rowOf, ExcessRateMeter);
  }
}

/** State that one instance hands to the next. */
interface ShapingState {
  readonly meter: ShapingOptions['meter'];
  readonly columns: readonly unknown[];
}

/**
 * Holds each VM to its average rate, peak rate and burst, each for itself or with those of its group.
 *
 * @example
 * ```ts
 * import shapingFilter, { type ShapingFilter } from '@fairlead/admission-shaping-filter';
 * import { createInstance, testBatch, testVms } from '@fairlead/sdk/testing';
 *
 * const vms = testVms([{ limitBps: 200e6, burstBytes: 1514 }]);
 * const policy = createInstance(shapingFilter, { mode: 'queue' }, { vms }) as ShapingFilter;
 * const batch = testBatch([1514, 1514]);
 * policy.admit(batch);
 * console.log(batch.queuedFrom); // 1: the burst is one frame long
 * ```
 */
export class ShapingFilter implements AdmissionPolicy, Lifecycle {
  readonly #policy: Explained;
  readonly #columns: readonly StateColumn[];
  readonly #meter: ShapingOptions['meter'];
  readonly #rowOf: Int32Array;

  constructor(@inject(Vms) vms: VmTable, @inject(Options) options: ShapingOptions) {
    const rowOf = rowsOf(vms, options.groups);
    const metered = policyFor(vms, options, rowOf);
    const frames = options.framesPerSecond > 0 ? new FrameRate(metered, rowOf, options) : undefined;
    const policy = frames ?? metered;
    this.#policy = options.queueFrames > 0 ? new QueueLimit(policy, options.queueFrames) : policy;
    this.#columns = [...metered.columns, ...(frames?.columns ?? [])];
    this.#meter = options.meter;
    this.#rowOf = rowOf;
  }

  /** Admits what conforms; the rest waits until it does, or is dropped as `policed`. */
  admit(batch: TransmitBatch): undefined {
    this.#policy.admit(batch);
  }

  /** Its buckets are empty: it has had its burst where it came from. Those of a group are the group's, and stay. */
  arrive(vm: number, nowUs: number): undefined {
    const row = this.#rowOf[vm];
    const sharers = this.#rowOf.filter((other) => other === row).length;
    if (sharers === 1) emptyRow(this.#columns, row, nowUs);
  }

  /** By what is in the buckets of the VM. */
  explain(batch: TransmitBatch, i: number): Explanation {
    return this.#policy.explain(batch, i);
  }

  /** What is in the buckets: a successor of the same meter gives nobody a burst twice. */
  exportState(): ShapingState {
    return { meter: this.#meter, columns: copyColumns(this.#columns) };
  }

  /** Another plugin's state is of no use, nor is another meter's: then the buckets start full. */
  importState(state: unknown, from: StateOrigin): undefined {
    if (from.name !== 'shaping-filter') return;
    const { meter, columns } = (state ?? {}) as Partial<ShapingState>;
    if (meter === this.#meter) takeColumns(this.#columns, columns);
  }
}

/**
 * The plugin: `admission: { use: shaping-filter }`.
 *
 * @example
 * ```ts
 * import shapingFilter from '@fairlead/admission-shaping-filter';
 * import { createHost, use } from '@fairlead/core';
 *
 * const builder = createHost().admit(use(shapingFilter, { averageBps: '200Mbps', burstBytes: '64KiB' }));
 * ```
 */
export default definePlugin({
  kind: 'admission',
  name: 'shaping-filter',
  apiVersion: 1,
  options,
  implementation: ShapingFilter,
  module: import.meta.url,
});
