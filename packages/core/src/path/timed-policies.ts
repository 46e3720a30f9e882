import type { AdmissionPolicy, LoadDistribution, TransmitBatch } from '@fairlead/sdk';
import type { Meter } from './meter.ts';

/** A policy that asks another one, as the watcher of a shadow does. */
interface Asking<T> {
  real: T;
}

/** Stands in the place of a policy for one call, and times what the policy itself does. */
abstract class Timed<T extends object> {
  real!: T;
  meter!: Meter;

  /** Calls `policy`, with `real` timed: itself, or the one that it asks. A shadow beside it is not timed with it. */
  through(policy: T, real: T, meter: Meter, call: (policy: T) => unknown): unknown {
    this.real = real;
    this.meter = meter;
    const timed = this as unknown as T;
    if (policy === real) return call(timed);
    const asking = policy as unknown as Asking<T>;
    asking.real = timed;
    try {
      return call(policy);
    } finally {
      asking.real = real;
    }
  }
}

export class TimedAdmission extends Timed<AdmissionPolicy> implements AdmissionPolicy {
  admit(batch: TransmitBatch): undefined {
    this.meter.begin();
    const answer = this.real.admit(batch);
    this.meter.end();
    return answer;
  }

  sweep(nowUs: number): undefined {
    if (this.real.sweep === undefined) return undefined;
    this.meter.begin();
    const answer = this.real.sweep(nowUs);
    this.meter.end();
    return answer;
  }
}

export class TimedDistribution extends Timed<LoadDistribution> implements LoadDistribution {
  select(batch: TransmitBatch): undefined {
    this.meter.begin();
    const answer = this.real.select(batch);
    this.meter.end();
    return answer;
  }
}
