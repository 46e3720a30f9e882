import {
  type AdmissionPolicy,
  definePlugin,
  inject,
  Options,
  type TransmitBatch,
  Vms,
  type VmTable,
} from '@fairlead/sdk';
import { BucketAdmission } from './bucket-admission.ts';
import { ColourAdmission } from './colour-admission.ts';
import { options, type ShapingOptions } from './options.ts';
import { SingleRateMeter } from './srtcm.ts';
import { TwoRateMeter } from './trtcm.ts';
import { ExcessRateMeter } from './trtcm4115.ts';

export { BucketAdmission, LONGEST_WAIT_NS } from './bucket-admission.ts';
export { Colour, type ColourMeter, type MeterTerms, meterTerms } from './colour.ts';
export { ColourAdmission } from './colour-admission.ts';
export { Earnings, MAX_DEPTH_BYTES } from './earnings.ts';
export { options, type ShapingOptions } from './options.ts';
export { SingleRateMeter } from './srtcm.ts';
export { TokenBuckets } from './token-buckets.ts';
export { TwoRateMeter } from './trtcm.ts';
export { ExcessRateMeter } from './trtcm4115.ts';

function policyFor(vms: VmTable, options: ShapingOptions): AdmissionPolicy {
  switch (options.meter) {
    case 'token-bucket':
      return new BucketAdmission(vms, options);
    case 'srtcm':
      return new ColourAdmission(vms, options, SingleRateMeter);
    case 'trtcm':
      return new ColourAdmission(vms, options, TwoRateMeter);
    case 'trtcm-4115':
      return new ColourAdmission(vms, options, ExcessRateMeter);
  }
}

/**
 * Holds each VM to its average rate, peak rate and burst, each VM for itself.
 *
 * @example
 * ```ts
 * const policy = new ShapingFilter(vms, { ...defaults, averageBps: 200e6, burstBytes: 65536 });
 * policy.admit(batch);
 * ```
 */
export class ShapingFilter implements AdmissionPolicy {
  readonly #policy: AdmissionPolicy;

  constructor(@inject(Vms) vms: VmTable, @inject(Options) options: ShapingOptions) {
    this.#policy = policyFor(vms, options);
  }

  /** Admits what conforms; the rest waits until it does, or is dropped as `policed`. */
  admit(batch: TransmitBatch): undefined {
    this.#policy.admit(batch);
  }
}

export default definePlugin({
  kind: 'admission',
  name: 'shaping-filter',
  apiVersion: 1,
  options,
  implementation: ShapingFilter,
  module: import.meta.url,
});
