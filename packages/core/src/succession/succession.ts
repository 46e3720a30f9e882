import type { AdmissionPolicy, LoadDistribution } from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';
import { needsOf } from '../path/needs.ts';
import type { Policies, Seat } from '../path/policies.ts';
import type { PluginPlan } from '../plan.ts';
import { instantiate, type Surroundings } from '../plugins/instantiate.ts';
import { PrivateTables } from '../shadow/private-tables.ts';
import { ShadowRecord } from '../shadow/shadow-record.ts';
import type { PolicySection } from '../shadow/shadow-report.ts';
import { ShadowedAdmission, type ShadowParts } from '../shadow/shadowed-admission.ts';
import { ShadowedDistribution } from '../shadow/shadowed-distribution.ts';
import { type Complain, disposeOf, handOver, type Named } from './hand-over.ts';
import type { Order, ShadowPlan } from './order.ts';

/** A shadow moves nothing. */
const nowhere = (): void => undefined;

type Policy = AdmissionPolicy | LoadDistribution;

/** A forwarding loop, as far as its policies are exchanged. */
export interface SuccessionAbout {
  readonly arena: Arena;
  readonly worker: number;
  readonly batchFrames: number;
  readonly policies: Policies;
  readonly surroundings: Surroundings;
  /** What was made for the loop, and is given back at its end. */
  readonly made: readonly Named<object>[];
  /** A shadow was put aside. */
  readonly shadowFailed: (section: PolicySection, shadow: string, message: string) => void;
}

/** What has been prepared; `carryOut` cannot fail but by a state that cannot be handed over. */
interface Prepared {
  /** Returns true when a state was handed over. */
  carryOut(): boolean | void;
  abandon(): void;
}

/**
 * Exchanges the policies of one forwarding loop between two sweeps, when no batch is under way. What waits in the rings
 * is not touched, and frames that were admitted and only wait for room on a NIC stay so: a successor is not asked about
 * them again.
 */
export class Succession {
  readonly #about: SuccessionAbout;
  readonly #complain: Complain;
  /** Who was put into each place on purpose: not a fallback that serves for it. */
  readonly #heads: { admission: Seat<Policy>; distribution: Seat<Policy> };
  /** Who was there before, while the head is on probation. */
  readonly #before: { admission?: Seat<Policy>; distribution?: Seat<Policy> } = {};
  /** Who watches a place as a shadow. */
  readonly #shadows: { admission?: Named<Policy>; distribution?: Named<Policy> } = {};
  /** Names of the instances that hold something still. */
  readonly #alive: Map<object, string>;
  #prepared: Prepared | undefined;

  constructor(about: SuccessionAbout) {
    this.#about = about;
    const { policies, surroundings, made } = about;
    this.#alive = new Map(made.map(({ name, instance }) => [instance, name]));
    this.#heads = { admission: policies.seatOf('admission'), distribution: policies.seatOf('distribution') };
    this.#complain = (plugin, message) => surroundings.log('warn', plugin, message);
  }

  /** Makes what the order needs. What it throws changes nothing. */
  prepare(order: Order): void {
    this.abandon();
    this.#prepared = this.#make(order);
  }

  /** Carries out what was prepared; returns whether a state was handed over. */
  carryOut(): boolean {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    return prepared?.carryOut() === true;
  }

  /** Lets go of what was prepared. */
  abandon(): void {
    this.#prepared?.abandon();
    this.#prepared = undefined;
  }

  /** The loop has ended: every plugin of it gives back what it took. */
  close(): void {
    this.abandon();
    for (const [instance, name] of this.#alive) this.#dispose({ name, instance });
  }

  #dispose(one: Named<object>): void {
    if (this.#alive.delete(one.instance)) disposeOf(one, this.#complain);
  }

  #make(order: Order): Prepared {
    const { section } = order;
    const nothing = (): void => undefined;
    switch (order.type) {
      case 'swap': {
        const seat = this.#seat(order.plan);
        const abandon = (): void => this.#dispose(seat);
        return { carryOut: () => this.#swap(section, seat, order), abandon };
      }
      case 'return':
        return { carryOut: () => this.#bringBack(section), abandon: nothing };
      case 'settle':
        return { carryOut: () => this.#settle(section), abandon: nothing };
      case 'shadow': {
        return this.#watcher(section, order.shadow);
      }
      case 'unshadow':
        return { carryOut: () => this.#unwatch(section), abandon: nothing };
    }
  }

  #seat(plan: PluginPlan): Seat<Policy> {
    const instance = this.#instance(plan);
    return { name: plan.name, instance, ...needsOf(plan), fallback: undefined };
  }

  #instance({ name, definition, options, where }: PluginPlan, surroundings = this.#about.surroundings): Policy {
    const instance = instantiate(definition as never, options, surroundings, where) as unknown as Policy;
    this.#alive.set(instance, name);
    return instance;
  }

  #swap(section: PolicySection, made: Seat<Policy>, order: Extract<Order, { type: 'swap' }>): boolean {
    const { policies } = this.#about;
    const current = policies.seatOf(section);
    const inCharge = current === this.#heads[section];
    const { instance, handedOver } = handOver(current, made, () => this.#instance(order.plan), this.#complain);
    if (instance !== made.instance) this.#dispose(made);
    this.#settle(section);
    const fallback = inCharge ? current.fallback : current;
    const keep = order.probation && inCharge;
    const seat = { ...made, instance, fallback, predecessor: keep ? current : undefined };
    policies.seat(section, seat);
    this.#heads[section] = seat;
    if (keep) this.#before[section] = current;
    else if (inCharge) this.#dispose(current);
    return handedOver;
  }

  #bringBack(section: PolicySection): void {
    const before = this.#before[section];
    if (before === undefined) return;
    const failed = this.#heads[section];
    delete this.#before[section];
    this.#heads[section] = before;
    // A loop in which it failed itself has its predecessor, or that one's fallback, in place already.
    if (this.#about.policies.seatOf(section) === failed) this.#about.policies.seat(section, before);
    this.#dispose(failed);
  }

  #settle(section: PolicySection): void {
    const before = this.#before[section];
    if (before === undefined) return;
    delete this.#before[section];
    this.#heads[section].predecessor = undefined;
    if (this.#about.policies.seatOf(section) !== before) this.#dispose(before);
  }

  #unwatch(section: PolicySection): void {
    this.#about.policies.watch(section, undefined);
    const shadow = this.#shadows[section];
    delete this.#shadows[section];
    if (shadow !== undefined) this.#dispose(shadow);
  }

  /** Makes a shadow and all it is given: tables, clock and generator of its own. */
  #watcher(section: PolicySection, { plan, memory, shape }: ShadowPlan): Prepared {
    const { arena, worker, batchFrames, policies, surroundings, shadowFailed } = this.#about;
    const tables = new PrivateTables(arena.nics, arena.vms);
    const { clock } = surroundings;
    const own = {
      ...surroundings,
      nics: tables.nics,
      vms: tables.vms,
      clock: { nowUs: () => clock.nowUs() },
      moved: nowhere,
    };
    const shadow = this.#instance(plan, own);
    const record = new ShadowRecord(memory, shape, worker);
    const needs = needsOf(plan);
    const parts = {
      tables,
      record,
      frameBytes: needs.needsHeaders ? arena.pool.maxFrameBytes : 0,
      nics: arena.nics,
      vms: arena.vms,
      enter: arena.threads.createEnter(worker),
      failed: (hook: string, vm: number, cause: unknown): void => {
        record.aside = true;
        const what = cause instanceof Error ? cause.message : String(cause);
        const name = arena.vms.names[vm] ?? String(vm);
        shadowFailed(
          section,
          plan.name,
          hook === 'sweep' ? `sweep() failed: ${what}` : `${hook}() failed for VM ${name}: ${what}`,
        );
        this.#unwatch(section);
      },
    } satisfies Omit<ShadowParts<never>, 'shadow'>;
    const named = { name: plan.name, instance: shadow };
    const carryOut = (): void => {
      this.#unwatch(section);
      this.#shadows[section] = named;
      if (section === 'admission') {
        const mine = { ...parts, shadow: shadow as AdmissionPolicy };
        const watching = new ShadowedAdmission(policies.admission, mine, batchFrames);
        policies.watch('admission', { watching, ...needs });
        return;
      }
      const mine = { ...parts, shadow: shadow as LoadDistribution };
      const watching = new ShadowedDistribution(policies.distribution, mine);
      policies.watch('distribution', { watching, ...needs });
    };
    return { carryOut, abandon: () => this.#dispose(named) };
  }
}
