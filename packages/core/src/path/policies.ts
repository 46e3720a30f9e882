import {
  type AdmissionPolicy,
  FairleadError,
  type LoadDistribution,
  type NicTable,
  type TransmitBatch,
} from '@fairlead/sdk';
import type { Budget, FailureMode } from '../config.ts';

/** A plugin instance in a place of the data path, with what takes over when it fails. */
export interface Seat<T> {
  readonly name: string;
  readonly instance: T;
  /** Fills `batch.flow` before it is called. */
  readonly needsFlow: boolean;
  readonly fallback: Seat<T> | undefined;
}

/** A policy's place in the data path: who sits there now, and what a failure means. */
export interface Place<T> {
  /** Undefined when nothing is configured: the last resort serves. */
  readonly seat: Seat<T> | undefined;
  /** `fallback` unless said otherwise. */
  readonly fail?: FailureMode;
  readonly budget?: Budget;
}

/** What is told when a plugin is put aside. */
export interface PluginFault {
  readonly plugin: string;
  readonly hook: string;
  readonly vm: number;
  readonly fallback: string;
  readonly error: FairleadError;
}

/** The error that says that a plugin was put aside. */
export function faultOf(plugin: string, hook: string, fallback: string, what: string, cause?: unknown): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_PLUGIN_FAULT', `plugin ${plugin} failed: ${what}`, {
    where: `${plugin}.${hook}`,
    mend: `mend the plugin; ${fallback} serves in its place`,
    cause,
  });
}

/** The last resort of admission: every frame may go. */
class AdmitAll implements AdmissionPolicy {
  admit(): undefined {}
}

/** The last resort of load distribution: the first available NIC. */
class FirstAvailable implements LoadDistribution {
  readonly #nics: NicTable;

  constructor(nics: NicTable) {
    this.#nics = nics;
  }

  select(batch: TransmitBatch): undefined {
    batch.nic.fill(this.#nics.available[0], 0, batch.count);
  }
}

/** The policies that a forwarding worker calls now. They change when a plugin is put aside. */
export class Policies {
  admission: AdmissionPolicy;
  distribution: LoadDistribution;
  needsFlow: boolean;
  #admissionSeat: Seat<AdmissionPolicy>;
  #distributionSeat: Seat<LoadDistribution>;
  readonly #nics: NicTable;
  readonly #report: (fault: PluginFault) => void;

  constructor(
    admission: Place<AdmissionPolicy>,
    distribution: Place<LoadDistribution>,
    nics: NicTable,
    report: (fault: PluginFault) => void,
  ) {
    this.#nics = nics;
    this.#report = report;
    this.#admissionSeat = admission.seat ?? this.#lastAdmission();
    this.#distributionSeat = distribution.seat ?? this.#lastDistribution();
    this.admission = this.#admissionSeat.instance;
    this.distribution = this.#distributionSeat.instance;
    this.needsFlow = this.#admissionSeat.needsFlow || this.#distributionSeat.needsFlow;
  }

  #lastAdmission(): Seat<AdmissionPolicy> {
    return { name: 'admit-all', instance: new AdmitAll(), needsFlow: false, fallback: undefined };
  }

  #lastDistribution(): Seat<LoadDistribution> {
    return { name: 'first-available', instance: new FirstAvailable(this.#nics), needsFlow: false, fallback: undefined };
  }

  get names(): { admission: string; distribution: string } {
    return { admission: this.#admissionSeat.name, distribution: this.#distributionSeat.name };
  }

  /** Puts the admission policy aside; its fallback serves from the next call on. */
  admissionFailed(hook: string, vm: number, cause: unknown): void {
    const failed = this.#admissionSeat;
    this.#admissionSeat = failed.fallback ?? this.#lastAdmission();
    this.admission = this.#admissionSeat.instance;
    this.#tell(failed.name, hook, vm, this.#admissionSeat.name, cause);
  }

  /** Puts the load distribution aside; its fallback serves from the next call on. */
  distributionFailed(hook: string, vm: number, cause: unknown): void {
    const failed = this.#distributionSeat;
    this.#distributionSeat = failed.fallback ?? this.#lastDistribution();
    this.distribution = this.#distributionSeat.instance;
    this.#tell(failed.name, hook, vm, this.#distributionSeat.name, cause);
  }

  #tell(plugin: string, hook: string, vm: number, fallback: string, cause: unknown): void {
    this.needsFlow = this.#admissionSeat.needsFlow || this.#distributionSeat.needsFlow;
    const what = cause instanceof Error ? cause.message : String(cause);
    const error = faultOf(plugin, hook, fallback, what, cause);
    this.#report({ plugin, hook, vm, fallback, error });
  }
}
