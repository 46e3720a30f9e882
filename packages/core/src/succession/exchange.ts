import { FairleadError } from '@fairlead/sdk';
import type { Composition, PluginPlan } from '../plan.ts';
import { ShadowRecord } from '../shadow/shadow-record.ts';
import { type PolicySection, reportOf, type ShadowEntry, type ShadowReport } from '../shadow/shadow-report.ts';
import { VERDICT_CHOICES } from '../shadow/shadowed-admission.ts';
import { type GivenPolicy, loadGiven } from './given-policy.ts';
import type { KIND_OF, Order, Outcome } from './order.ts';

/** The forwarding loops, inline or on threads. An order is carried out by all of them, or changes nothing. */
export interface Loops {
  order(order: Order): Promise<Outcome>;
}

/**
 * How a policy is exchanged.
 *
 * @example
 * ```ts
 * import { type SwapNotice, type SwapOptions, type ShadowNotice, use } from '@fairlead/core';
 * import roundRobin from '@fairlead/load-distribution-round-robin';
 *
 * const options: SwapOptions = { probationMs: 60_000 };
 * const { from, to, handedOver }: SwapNotice = await host.swap('distribution', use(roundRobin), options);
 * const told = ({ shadow, state }: ShadowNotice) => `${shadow} was ${state}`;
 * ```
 */
export interface SwapOptions {
  /**
   * How long the predecessor is kept, in milliseconds; 10,000 when left out, 0: not at all. A successor that fails
   * within this time makes way for it.
   */
  readonly probationMs?: number;
  /**
   * Loads the plugin's module afresh, as when its file was changed. Modules that it imports stay as they were loaded
   * first.
   */
  readonly reload?: boolean;
}

/** A policy was exchanged. */
export interface SwapNotice {
  /** The place. */
  readonly section: PolicySection;
  /** Who decided before. */
  readonly from: string;
  /** Who decides now. */
  readonly to: string;
  /** True when every forwarding loop handed the predecessor's state over. */
  readonly handedOver: boolean;
  /** Why: somebody asked for it, or the successor failed on probation and its predecessor returned. */
  readonly cause: 'asked' | 'probation';
}

/** What happened to a shadow. */
export interface ShadowNotice {
  /** The place. */
  readonly section: PolicySection;
  /** The plugin. */
  readonly shadow: string;
  /** What happened to it. */
  readonly state: 'set' | 'cleared' | 'aside';
  /** Why it was put aside. */
  readonly message: string;
}

export type { GivenPolicy } from './given-policy.ts';

/** Calls back after a time of the host's clock; returns how to call it off. */
export type After = (ms: number, callback: () => void) => () => void;

/** The host, as far as it has a part in the exchange. */
export interface ExchangeHost {
  readonly nowUs: number;
  emit(event: 'swap', notice: SwapNotice): unknown;
  emit(event: 'shadow', notice: ShadowNotice): unknown;
}

/** A successor that is on probation. */
interface Probation {
  readonly plan: PluginPlan;
  readonly from: string;
  readonly callOff: () => void;
}

const PROBATION_MS = 10_000;
const LAST_RESORT = { admission: 'admit-all', distribution: 'first-available' } as const;

/** Exchanges policies and sets shadows while the host runs: one after the other, each as a whole or not at all. */
export class PolicyExchange {
  readonly #composition: Composition;
  readonly #loops: Loops;
  readonly #after: After;
  readonly #host: ExchangeHost;
  readonly #serving: Record<PolicySection, string>;
  readonly #probation: { [S in PolicySection]?: Probation } = {};
  readonly #shadows = new Map<PolicySection, ShadowEntry>();
  #turn: Promise<unknown> = Promise.resolve();
  #underWay = 0;

  constructor(composition: Composition, loops: Loops, after: After, host: ExchangeHost) {
    this.#composition = composition;
    this.#loops = loops;
    this.#after = after;
    this.#host = host;
    const { admission, distribution } = composition;
    this.#serving = {
      admission: admission.chain[0]?.name ?? LAST_RESORT.admission,
      distribution: distribution.chain[0]?.name ?? LAST_RESORT.distribution,
    };
  }

  /** Plugins that decide now, as far as is known; where workers differ, what the last one told. */
  get serving(): Readonly<Record<PolicySection, string>> {
    return this.#serving;
  }

  swap<S extends PolicySection>(
    section: S,
    given: GivenPolicy<(typeof KIND_OF)[S]>,
    { probationMs = PROBATION_MS, reload = false }: SwapOptions = {},
  ): Promise<SwapNotice> {
    return this.#inTurn(async () => {
      if (!(probationMs >= 0 && probationMs <= 2 ** 31 - 1)) throw wrongProbation(probationMs);
      const plan = await loadGiven(this.#composition, section, given, section, reload);
      const from = this.#serving[section];
      const {
        handedOver,
        loops: count,
        failed,
      } = await this.#loops.order({ type: 'swap', section, plan, probation: true });
      this.#endProbation(section);
      const notice = { section, from, to: plan.name, handedOver: handedOver === count, cause: 'asked' } as const;
      this.#serving[section] = plan.name;
      this.#host.emit('swap', notice);
      if (probationMs === 0) await this.#loops.order({ type: 'settle', section });
      else {
        const callOff = this.#after(probationMs, () => this.#settle(section, plan));
        this.#probation[section] = { plan, from, callOff };
        if (failed) this.#bringBack(section, plan);
      }
      return notice;
    });
  }

  /** A policy was put aside in a loop; `fallback` serves there now. */
  faulted(section: PolicySection, fallback: string): void {
    this.#serving[section] = fallback;
    const plan = this.#probation[section]?.plan;
    if (plan !== undefined) this.#bringBack(section, plan);
  }

  #settle(section: PolicySection, plan: PluginPlan): void {
    this.#unheard(async () => {
      if (this.#probation[section]?.plan !== plan) return;
      delete this.#probation[section];
      await this.#loops.order({ type: 'settle', section });
    });
  }

  /** All loops go back to the predecessor, also those in which the successor has not failed. */
  #bringBack(section: PolicySection, plan: PluginPlan): void {
    this.#unheard(async () => {
      const probation = this.#probation[section];
      if (probation?.plan !== plan) return;
      this.#endProbation(section);
      await this.#loops.order({ type: 'return', section });
      this.#serving[section] = probation.from;
      const { from: to } = probation;
      this.#host.emit('swap', { section, from: plan.name, to, handedOver: false, cause: 'probation' });
    });
  }

  #endProbation(section: PolicySection): void {
    this.#probation[section]?.callOff();
    delete this.#probation[section];
  }

  /** Sets a shadow, or takes it away. */
  shadow<S extends PolicySection>(section: S, given: GivenPolicy<(typeof KIND_OF)[S]> | undefined): Promise<void> {
    return this.#inTurn(async () => {
      if (given !== undefined)
        await this.#setShadow(section, await loadGiven(this.#composition, section, given, `${section}.shadow`, false));
      else await this.#clearShadow(section);
    });
  }

  /** Sets the shadows of the configuration. */
  async setConfigured(): Promise<void> {
    const { shadows } = this.#composition;
    for (const section of ['admission', 'distribution'] as const) {
      const plan = shadows[section];
      if (plan !== undefined) await this.#inTurn(() => this.#setShadow(section, plan));
    }
  }

  async #setShadow(section: PolicySection, plan: PluginPlan): Promise<void> {
    const { nics, vms, runtime } = this.#composition.config;
    const choices = section === 'admission' ? VERDICT_CHOICES : nics.map((nic) => nic.name);
    const shape = { workers: runtime.workers, vms: vms.length, nics: nics.length, choices: choices.length };
    const memory = ShadowRecord.allocate(shape);
    await this.#loops.order({ type: 'shadow', section, shadow: { plan, memory, shape } });
    const sinceUs = this.#host.nowUs;
    this.#shadows.set(section, { section, name: plan.name, memory, shape, choices, sinceUs, faults: [] });
    this.#host.emit('shadow', { section, shadow: plan.name, state: 'set', message: '' });
  }

  async #clearShadow(section: PolicySection): Promise<void> {
    const entry = this.#shadows.get(section);
    if (entry === undefined) return;
    await this.#loops.order({ type: 'unshadow', section });
    this.#shadows.delete(section);
    this.#host.emit('shadow', { section, shadow: entry.name, state: 'cleared', message: '' });
  }

  /** A shadow has failed in a loop and was put aside there. */
  shadowFailed(section: PolicySection, shadow: string, message: string): void {
    this.#shadows.get(section)?.faults.push(message);
    this.#host.emit('shadow', { section, shadow, state: 'aside', message });
  }

  report(): ShadowReport {
    const { nics, vms } = this.#composition.config;
    const names = { nics: nics.map((nic) => nic.name), vms: vms.map((vm) => vm.name) };
    const sections = [...this.#shadows.values()].map((entry) => reportOf(entry, this.#serving[entry.section], names));
    return { version: 1, sections };
  }

  /** Lets nothing follow: the host closes. */
  close(): void {
    this.#endProbation('admission');
    this.#endProbation('distribution');
  }

  /** With nothing under way it begins at once: what is due at a time of the virtual clock happens at that time. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    this.#underWay++;
    const done = (this.#underWay === 1 ? act() : this.#turn.then(act)).finally(() => this.#underWay--);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** What nobody waits for: a host that is closing refuses, and that is well. */
  #unheard(act: () => Promise<void>): void {
    this.#inTurn(act).catch(() => undefined);
  }
}

function wrongProbation(probationMs: number): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_SWAP', `a probation of ${probationMs} ms is not possible`, {
    mend: 'give a number of milliseconds from 0 to 2147483647',
  });
}
