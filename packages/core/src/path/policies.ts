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
  /** Name of the plugin, for people. */
  readonly name: string;
  /** The instance that decides. */
  readonly instance: T;
  /** Fills `batch.flow` before it is called. */
  readonly needsFlow: boolean;
  /** Who takes the seat when it fails; undefined: one that cannot. */
  readonly fallback: Seat<T> | undefined;
  /** While this one is on probation: the one before it, which returns when it fails. */
  predecessor?: Seat<T> | undefined;
}

/** A policy that stands in the place of another, asks it, and has a shadow asked beside it. */
export interface Watching<T> {
  readonly watching: T & { real: T };
  readonly needsFlow: boolean;
}

/** The policy that sits in each section of the configuration. */
export interface Policed {
  readonly admission: AdmissionPolicy;
  readonly distribution: LoadDistribution;
}

/** A policy's place in the data path: who sits there now, and what a failure means. */
export interface Place<T> {
  /** Undefined when nothing is configured: the last resort serves. */
  readonly seat: Seat<T> | undefined;
  /** `fallback` unless said otherwise. */
  readonly fail?: FailureMode;
  /** What it may use before it counts as failed. */
  readonly budget?: Budget;
}

/** What is told when a plugin is put aside. */
export interface PluginFault {
  /** Name of the plugin. */
  readonly plugin: string;
  /** The hook that failed. */
  readonly hook: string;
  /** VM number that it was about; -1 for none. */
  readonly vm: number;
  /** Who serves in its stead. */
  readonly fallback: string;
  /** What happened, with its code. */
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

/**
 * The policies that a forwarding worker calls now. They change when a plugin is put aside.
 *
 * @example
 * ```ts
 * import { Arena, createArena } from '@fairlead/core/stages';
 *
 * const shape = { vms: 2, nics: 1, workers: 1, poolFrames: 1024, slotBytes: 2048, txRingFrames: 16, rxRingFrames: 16 };
 * const handle = createArena({ ...shape, nicRingFrames: 64 }, { nics: ['uplink0'], vms: ['web', 'db'] });
 * const arena = new Arena(handle, 0);
 * import { type Place, type PluginFault, Policies, type Seat } from '@fairlead/core/stages';
 * import { RoundRobin } from '@fairlead/load-distribution-round-robin';
 * import type { LoadDistribution } from '@fairlead/sdk';
 *
 * const instance = new RoundRobin(arena.nics, { weighted: false });
 * const seat: Seat<LoadDistribution> = { name: 'round-robin', instance, needsFlow: false, fallback: undefined };
 * const place: Place<LoadDistribution> = { seat };
 * const tell = ({ plugin, hook, fallback }: PluginFault) => console.log(`${plugin}.${hook} failed, ${fallback} serves`);
 *
 * const policies = new Policies({ seat: undefined }, place, arena.nics, tell);
 * policies.distributionFailed('select', 0, new Error('lost its table')); // round-robin.select failed, …
 * console.log(policies.names.distribution); // first-available
 * ```
 */
export class Policies {
  /** The admission policy that serves. */
  admission: AdmissionPolicy;
  /** The load distribution that serves. */
  distribution: LoadDistribution;
  /** True while one of them wants the flow of each frame. */
  needsFlow: boolean;
  #admissionSeat: Seat<AdmissionPolicy>;
  #distributionSeat: Seat<LoadDistribution>;
  readonly #nics: NicTable;
  readonly #report: (fault: PluginFault) => void;
  readonly #watching: { -readonly [S in keyof Policed]?: Watching<Policed[S]> } = {};

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
    this.needsFlow = false;
    this.#arrange();
  }

  /** Who is called from now on: those who sit, or who watches them. */
  #arrange(): void {
    const { admission, distribution } = this.#watching;
    this.admission = watched(this.#admissionSeat.instance, admission);
    this.distribution = watched(this.#distributionSeat.instance, distribution);
    this.needsFlow =
      this.#admissionSeat.needsFlow ||
      this.#distributionSeat.needsFlow ||
      admission?.needsFlow === true ||
      distribution?.needsFlow === true;
  }

  /** Who sits in a place now: the one that was put there, or a fallback. */
  seatOf(section: keyof Policed): Seat<AdmissionPolicy | LoadDistribution> {
    return section === 'admission' ? this.#admissionSeat : this.#distributionSeat;
  }

  /** Puts somebody into a place, between two sweeps. */
  seat(section: keyof Policed, seat: Seat<AdmissionPolicy | LoadDistribution>): void {
    if (section === 'admission') this.#admissionSeat = seat as Seat<AdmissionPolicy>;
    else this.#distributionSeat = seat as Seat<LoadDistribution>;
    this.#arrange();
  }

  /** Has a place watched, or no longer. */
  watch<S extends keyof Policed>(section: S, watching: Watching<Policed[S]> | undefined): void {
    if (watching === undefined) delete this.#watching[section];
    else (this.#watching as { [K in keyof Policed]?: Watching<Policed[K]> })[section] = watching as never;
    this.#arrange();
  }

  #lastAdmission(): Seat<AdmissionPolicy> {
    return { name: 'admit-all', instance: new AdmitAll(), needsFlow: false, fallback: undefined };
  }

  #lastDistribution(): Seat<LoadDistribution> {
    return { name: 'first-available', instance: new FirstAvailable(this.#nics), needsFlow: false, fallback: undefined };
  }

  /** Names of the two that serve. */
  get names(): { admission: string; distribution: string } {
    return { admission: this.#admissionSeat.name, distribution: this.#distributionSeat.name };
  }

  /** Puts the admission policy aside; its fallback serves from the next call on. */
  admissionFailed(hook: string, vm: number, cause: unknown): void {
    const failed = this.#admissionSeat;
    this.#admissionSeat = failed.predecessor ?? failed.fallback ?? this.#lastAdmission();
    this.#arrange();
    this.#tell(failed.name, hook, vm, this.#admissionSeat.name, cause);
  }

  /** Puts the load distribution aside; its fallback serves from the next call on. */
  distributionFailed(hook: string, vm: number, cause: unknown): void {
    const failed = this.#distributionSeat;
    this.#distributionSeat = failed.predecessor ?? failed.fallback ?? this.#lastDistribution();
    this.#arrange();
    this.#tell(failed.name, hook, vm, this.#distributionSeat.name, cause);
  }

  #tell(plugin: string, hook: string, vm: number, fallback: string, cause: unknown): void {
    const what = cause instanceof Error ? cause.message : String(cause);
    const error = faultOf(plugin, hook, fallback, what, cause);
    this.#report({ plugin, hook, vm, fallback, error });
  }
}

function watched<T>(instance: T, watching: Watching<T> | undefined): T {
  if (watching === undefined) return instance;
  watching.watching.real = instance;
  return watching.watching;
}
