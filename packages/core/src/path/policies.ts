import type { AdmissionPolicy, LoadDistribution, NicTable, TransmitBatch } from '@fairlead/sdk';
import type { Budget, FailureMode } from '../config.ts';
import { AdmitAll, DropAll, FirstAvailable, HoldAll } from './last-resorts.ts';
import { briefOf, faultError, inputOf, PluginFailure, type PluginFault } from './plugin-failure.ts';

/** A plugin instance in a place of the data path, with what takes over when it fails. */
export interface Seat<T> {
  /** Name of the plugin, for people. */
  readonly name: string;
  /** The instance that decides. */
  readonly instance: T;
  /** Fills `batch.flow` before it is called. */
  readonly needsFlow: boolean;
  /** Fills `batch.offset` before it is called. */
  readonly needsHeaders?: boolean;
  /** Who takes the seat when it fails; undefined: one that cannot. */
  readonly fallback: Seat<T> | undefined;
  /** While this one is on probation: the one before it, which returns when it fails. */
  predecessor?: Seat<T> | undefined;
}

/**
 * A policy that stands in the place of another, asks it, and has a shadow asked beside it.
 *
 * @example
 * ```ts
 * import type { Policed, Watching } from '@fairlead/core/stages';
 *
 * // Counts the batches that load distribution is asked about.
 * function counting(real: Policed['distribution']): Watching<Policed['distribution']> & { asked: number } {
 *   const counted = { asked: 0, needsFlow: false, watching: { real, select } };
 *   function select(this: { real: typeof real }, batch: Parameters<typeof real.select>[0]): undefined {
 *     counted.asked++;
 *     return this.real.select(batch);
 *   }
 *   return counted;
 * }
 * ```
 */
export interface Watching<T> {
  /** Stands in the place, and asks `real`. */
  readonly watching: T & { real: T };
  /** The shadow wants `batch.flow` filled. */
  readonly needsFlow: boolean;
  /** True when the shadow reads the headers of frames. */
  readonly needsHeaders?: boolean;
}

/** The two places of the data path. */
export interface Policed {
  /** May it go now? */
  readonly admission: AdmissionPolicy;
  /** Over which NIC? */
  readonly distribution: LoadDistribution;
}

/** A policy's place in the data path: who sits there now, and what a failure means. */
export interface Place<T> {
  /** Undefined when nothing is configured: the last resort serves. */
  readonly seat: Seat<T> | undefined;
  /** `fallback` unless said otherwise. */
  readonly fail?: FailureMode;
  /** What it may use before it counts as failed. */
  readonly budget?: HotBudget;
  /** It has failed already, in a worker before this one. */
  readonly failed?: boolean;
}

/** Who serves when a policy has failed: its fallback, or what its failure mode says. */
export function successorOf(fail: FailureMode, fallback: string | undefined, lastResort: string): string {
  if (fail === 'closed') return 'drop-all';
  if (fail === 'stop') return 'nobody';
  return fail === 'fallback' && fallback !== undefined ? fallback : lastResort;
}

/** What comes of a failure, in words. */
export function outcomeOf(fail: FailureMode, successor: string): string {
  if (fail === 'closed') return 'until then every frame is dropped';
  return fail === 'stop' ? 'the host stops' : `${successor} serves in its place`;
}

/** What a call in the data path may use. */
type HotBudget = Pick<Budget, 'batchUs' | 'memoryBytes'>;

/** Who serves in a place, and what it may use. */
export interface Serving {
  readonly name: string;
  readonly budget: HotBudget;
}

/** One place, as it stands. */
class Post<T> {
  seat: Seat<T>;
  /** No frame passes any more: by failure mode closed or stop. */
  shut: 'closed' | 'stop' | undefined;
  readonly fail: FailureMode;
  readonly #budget: HotBudget;
  readonly #last: Seat<T>;

  constructor({ seat, fail = 'fallback', failed = false, budget = {} }: Place<T>, lastResort: string, instance: T) {
    this.#last = { name: lastResort, instance, needsFlow: false, fallback: undefined };
    this.fail = fail;
    this.#budget = budget;
    this.seat = seat ?? this.#last;
    if (failed) this.#apply(this.seat);
  }

  /** Who serves and what it may use; the last resort is the host's own and has no budget. */
  get serving(): Serving {
    const { name } = this.seat;
    if (this.shut !== undefined) return { name: successorOf(this.fail, undefined, name), budget: {} };
    return { name, budget: this.seat === this.#last ? {} : this.#budget };
  }

  /** Puts who sits here aside. Returns who serves now. */
  vacate(): { fail: FailureMode; fallback: string } {
    const { predecessor, fallback } = this.seat;
    if (predecessor !== undefined) {
      this.seat = predecessor; // it served well until now: the failure mode is for when nobody is left
      return { fail: 'fallback', fallback: predecessor.name };
    }
    this.#apply(fallback ?? this.#last);
    const next = this.shut === undefined ? this.seat.name : successorOf(this.fail, undefined, this.#last.name);
    return { fail: this.fail, fallback: next };
  }

  /** Another one takes the place, whatever became of the one before. */
  take(seat: Seat<T>): void {
    this.seat = seat;
    this.shut = undefined;
  }

  #apply(next: Seat<T>): void {
    if (this.fail === 'fallback') this.seat = next;
    else this.seat = this.#last;
    this.shut = this.fail === 'closed' || this.fail === 'stop' ? this.fail : undefined;
  }
}

const DROP_ALL = new DropAll();
const HOLD_ALL = new HoldAll();

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
  /** True while one of them wants to read the frames' headers. */
  needsHeaders = false;
  /** No frame passes: frames that were admitted before are asked about again, and none is sent. */
  shut = false;
  readonly #admission: Post<AdmissionPolicy>;
  readonly #distribution: Post<LoadDistribution>;
  readonly #report: (fault: PluginFault) => void;
  readonly #watching: { -readonly [S in keyof Policed]?: Watching<Policed[S]> } = {};

  constructor(
    admission: Place<AdmissionPolicy>,
    distribution: Place<LoadDistribution>,
    nics: NicTable,
    report: (fault: PluginFault) => void,
  ) {
    this.#report = report;
    this.#admission = new Post(admission, 'admit-all', new AdmitAll());
    this.#distribution = new Post(distribution, 'first-available', new FirstAvailable(nics));
    this.admission = this.#admission.seat.instance;
    this.distribution = this.#distribution.seat.instance;
    this.needsFlow = false;
    this.#arrange();
  }

  #arrange(): void {
    const admission = this.#admission;
    const distribution = this.#distribution;
    const stopping = admission.shut === 'stop' || distribution.shut === 'stop';
    this.shut = admission.shut !== undefined || distribution.shut !== undefined;
    const watching = this.#watching;
    this.distribution = watched(distribution.seat.instance, watching.distribution);
    if (this.shut) this.admission = stopping ? HOLD_ALL : DROP_ALL;
    else this.admission = watched(admission.seat.instance, watching.admission);
    this.needsFlow =
      admission.seat.needsFlow ||
      distribution.seat.needsFlow ||
      watching.admission?.needsFlow === true ||
      watching.distribution?.needsFlow === true;
    this.needsHeaders =
      admission.seat.needsHeaders === true ||
      distribution.seat.needsHeaders === true ||
      watching.admission?.needsHeaders === true ||
      watching.distribution?.needsHeaders === true;
  }

  /** The policy that `called` asks, when it is the watcher of a shadow; else itself. */
  behind<S extends keyof Policed>(section: S, called: Policed[S]): Policed[S] {
    const watcher = this.#watching[section]?.watching;
    return watcher !== undefined && (watcher as Policed[S]) === called ? (watcher.real as Policed[S]) : called;
  }

  /** Who sits in a place now: the one that was put there, or a fallback. */
  seatOf(section: keyof Policed): Seat<AdmissionPolicy | LoadDistribution> {
    return section === 'admission' ? this.#admission.seat : this.#distribution.seat;
  }

  /** Puts somebody into a place, between two sweeps. */
  seat(section: keyof Policed, seat: Seat<AdmissionPolicy | LoadDistribution>): void {
    if (section === 'admission') this.#admission.take(seat as Seat<AdmissionPolicy>);
    else this.#distribution.take(seat as Seat<LoadDistribution>);
    this.#arrange();
  }

  /** Has a place watched, or no longer. */
  watch<S extends keyof Policed>(section: S, watching: Watching<Policed[S]> | undefined): void {
    if (watching === undefined) delete this.#watching[section];
    else (this.#watching as { [K in keyof Policed]?: Watching<Policed[K]> })[section] = watching as never;
    this.#arrange();
  }

  /** Shut, and what comes is dropped; while the host is about to stop it is not. */
  get dropping(): boolean {
    return this.admission === DROP_ALL;
  }

  /** Names of the two that serve. */
  get names(): { admission: string; distribution: string } {
    return { admission: this.#admission.seat.name, distribution: this.#distribution.seat.name };
  }

  /** Who decides on admission, and what it may use. */
  get admissionServing(): Serving {
    return this.#admission.serving;
  }

  /** Who distributes the load, and what it may use. */
  get distributionServing(): Serving {
    return this.#distribution.serving;
  }

  /** Puts the admission policy aside; what its failure mode says serves from the next call on. */
  admissionFailed(hook: string, vm: number, cause: unknown, batch?: TransmitBatch): void {
    this.#failed(this.#admission, hook, vm, cause, batch);
  }

  /** Puts the load distribution aside; what its failure mode says serves from the next call on. */
  distributionFailed(hook: string, vm: number, cause: unknown, batch?: TransmitBatch): void {
    this.#failed(this.#distribution, hook, vm, cause, batch);
  }

  #failed(post: Post<unknown>, hook: string, vm: number, cause: unknown, batch: TransmitBatch | undefined): void {
    const plugin = post.seat.name;
    const { fail, fallback } = post.vacate();
    this.#arrange();
    this.#report({
      plugin,
      hook,
      vm,
      fallback,
      fail,
      error: faultError(plugin, hook, outcomeOf(fail, fallback), cause),
      brief: briefOf(hook, cause),
      input: batch && inputOf(batch),
      cost: cause instanceof PluginFailure ? cause.cost : undefined,
    });
  }
}

function watched<T>(instance: T, watching: Watching<T> | undefined): T {
  if (watching === undefined) return instance;
  watching.watching.real = instance;
  return watching.watching;
}
