import { FairleadError, type Signal } from '@fairlead/sdk';
import type { ActionLog } from './action-log.ts';
import type { ActionState } from './action-record.ts';
import { type Accepted, ask, type ChainLink, messageOf, takeBack } from './answer.ts';
import { type Case, newCase, type Standing, targetOf } from './case.ts';
import { ChainLimits } from './limits.ts';
import { Reach } from './reach.ts';
import type { ChainRule } from './signal-config.ts';
import { dryRun, type VmPower } from './vm-power.ts';

/** When nobody did anything, the chain is asked again after so long. */
const RETRY_US = 1_000_000;

/** What a chain shares with the others of its host. */
export interface ChainSurroundings {
  readonly names: { readonly vms: readonly string[]; readonly nics: readonly string[] };
  readonly log: ActionLog;
  readonly power: VmPower;
  /** A VM whose action has expired runs for so long at least: then what is the matter has been looked at anew. */
  readonly respiteUs: number;
  nowUs(): number;
  /** Is told of everything that goes on by itself. */
  goesOn(work: Promise<void>): void;
}

/**
 * The responders that answer one kind of signal. Holds a case for each VM (or NIC) that a signal is about, and says at
 * every poll what is due in it: to ask the chain, to go on to its next responder, to undo. Asking takes its time and
 * happens beside the polls, one answer at a time.
 */
export class Chain {
  readonly #where: string;
  readonly #rule: ChainRule;
  readonly #links: readonly ChainLink[];
  readonly #around: ChainSurroundings;
  readonly #limits: ChainLimits;
  readonly #power: VmPower;
  readonly #targets: readonly number[];
  readonly #cases = new Map<number, Case>();
  /** The end of what is being asked. */
  #line: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(where: string, rule: ChainRule, links: readonly ChainLink[], around: ChainSurroundings) {
    this.#where = where;
    this.#rule = rule;
    this.#links = links;
    this.#around = around;
    this.#limits = new ChainLimits(rule);
    this.#power = rule.dryRun ? dryRun(around.power) : around.power;
    this.#targets = rule.vms.map((name) => around.names.vms.indexOf(name));
  }

  /** Hears what is the matter now, and sees to what is due. */
  poll(signals: readonly Signal[], nowUs: number): void {
    for (const signal of signals) {
      if (signal.confidence < this.#rule.minConfidence) continue;
      if (this.#targets.length === 0) this.#hear(signal, nowUs);
      for (const vm of this.#targets) this.#hear({ ...signal, vm }, nowUs);
    }
    for (const one of this.#cases.values()) this.#attend(one, nowUs);
  }

  #hear(signal: Signal, nowUs: number): void {
    const known = this.#cases.get(targetOf(signal));
    if (known === undefined) {
      const vm = signal.vm === undefined ? '' : (this.#around.names.vms[signal.vm] ?? '');
      this.#cases.set(targetOf(signal), newCase(signal, vm, nowUs));
      return;
    }
    known.signal = signal;
    known.seenUs = nowUs;
  }

  #attend(one: Case, nowUs: number): void {
    const signalled = nowUs - one.seenUs <= this.#rule.clearMs * 1000;
    if (signalled && !one.signalled) Object.assign(one, { beganUs: nowUs, place: -1, leftAlone: false, objection: '' });
    one.signalled = signalled;
    for (const standing of one.standing) {
      if (nowUs >= standing.accepted.expiresAtUs) this.#end(one, standing, 'expired');
      else if (!signalled && this.#rule.whileSignalled) this.#end(one, standing, 'over');
    }
    if (signalled) this.#answer(one, nowUs);
    else if (one.standing.size === 0 && !one.asking) this.#cases.delete(one.target);
  }

  /** Asks the chain, if it is time to and nothing is against it. */
  #answer(one: Case, nowUs: number): void {
    const { forMs, escalateMs = Number.POSITIVE_INFINITY } = this.#rule;
    if (one.asking || one.leftAlone || nowUs < one.notBeforeUs || nowUs - one.beganUs < forMs * 1000) return;
    const fresh = one.standing.size === 0;
    const lasts = one.place >= 0 && nowUs - one.actedUs >= escalateMs * 1000;
    const last = this.#links.length - 1;
    if (!fresh && !(lasts && one.place < last)) return;
    if (this.#objects(one)) return;
    one.asking = true;
    const from = Math.min(last, Math.max(0, one.place) + (lasts ? 1 : 0));
    this.#line = this.#line.then(() => this.#ask(one, from)).finally(() => (one.asking = false));
    this.#around.goesOn(this.#line);
  }

  /** True when the VM may not be acted on now; says why. */
  #objects(one: Case): boolean {
    const objection = this.#limits.objection(one.target, one.vm, this.#around.nowUs(), one.standing.size === 0);
    if (objection !== undefined) this.#withhold(one, objection, []);
    return objection !== undefined;
  }

  /** Asks one responder after the other until one of them does something. */
  async #ask(one: Case, from: number): Promise<void> {
    const passed: string[] = [];
    for (let place = from; place < this.#links.length; place++) {
      if (this.#closed || !one.signalled || this.#objects(one)) return;
      const link = this.#links[place] as ChainLink;
      const { signal } = one;
      const reach = new Reach(signal.vm, this.#power, this.#around.nowUs(), this.#rule.ttlMs);
      try {
        const actions = await ask(link, signal, reach);
        if (actions.length > 0) {
          this.#take(one, place, actions, reach, passed);
          return;
        }
        passed.push(`${link.plan.name}: had nothing to do`);
      } catch (cause) {
        passed.push(`${link.plan.name}: ${messageOf(cause)}`);
      }
      // What it did without saying so, or before it failed, is not to stay.
      this.#around.goesOn(reach.giveBack());
    }
    one.notBeforeUs = this.#around.nowUs() + RETRY_US;
    this.#withhold(one, 'no responder did anything', passed);
  }

  #take(one: Case, place: number, actions: readonly Accepted[], reach: Reach, passed: readonly string[]): void {
    const nowUs = this.#around.nowUs();
    const link = this.#links[place] as ChainLink;
    Object.assign(one, { place, actedUs: nowUs, objection: '' });
    this.#limits.taken(nowUs);
    for (const accepted of actions) {
      const { name, expiresAtUs, reason, rejected } = accepted;
      const id = this.#around.log.add({
        ...this.#about(one, nowUs),
        action: name,
        responder: link.plan.name,
        reason,
        rejected: [...passed, ...rejected],
        state: 'standing',
        expiresAtUs,
      });
      one.standing.add({ id, link, accepted, reach });
    }
  }

  /** Says once why nothing is done. */
  #withhold(one: Case, objection: string, rejected: readonly string[]): void {
    if (one.objection === objection) return;
    one.objection = objection;
    const nowUs = this.#around.nowUs();
    const nothing = { action: 'none', responder: '', state: 'withheld', expiresAtUs: nowUs } as const;
    this.#around.log.add({ ...this.#about(one, nowUs), ...nothing, reason: objection, rejected });
  }

  #about({ vm, signal }: Case, atUs: number) {
    const nic = signal.nic === undefined ? '' : (this.#around.names.nics[signal.nic] ?? '');
    return { vm, nic, where: this.#where, signal, dryRun: this.#rule.dryRun, atUs };
  }

  /** Takes an action back, once; until it is done the action counts as standing. */
  #end(one: Case, standing: Standing, as: ActionState): Promise<void> {
    if (standing.ending === undefined) {
      standing.ending = this.#takeBack(one, standing, as);
      this.#around.goesOn(standing.ending);
    }
    return standing.ending;
  }

  async #takeBack(one: Case, standing: Standing, as: ActionState): Promise<void> {
    const { id, link, accepted, reach } = standing;
    const failed = await takeBack(link, accepted);
    one.standing.delete(standing);
    // Several actions of one answer hold together what it holds.
    if (![...one.standing].some((other) => other.reach === reach)) await reach.giveBack();
    const nowUs = this.#around.nowUs();
    if (one.standing.size === 0) this.#limits.ended(one.target, nowUs);
    if (as === 'expired') one.notBeforeUs = nowUs + this.#around.respiteUs;
    const trouble = [failed, reach.trouble].filter((one) => one !== undefined).join('; ');
    this.#around.log.end(id, as, nowUs, trouble === '' ? undefined : trouble);
  }

  /** Takes an action back by hand; undefined when it is none of this chain's. */
  undo(id: number): Promise<void> | undefined {
    for (const one of this.#cases.values()) {
      for (const standing of one.standing) {
        if (standing.id !== id) continue;
        one.leftAlone = true;
        return this.#end(one, standing, 'undone');
      }
    }
    return undefined;
  }

  /** Takes everything back. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#line;
    for (const one of this.#cases.values()) {
      await Promise.all([...one.standing].map((standing) => this.#end(one, standing, 'closed')));
    }
  }
}

export function unknownAction(id: number): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_UNKNOWN_ACTION', `no action ${id} stands`, {
    mend: 'use the id of one that host.signals.actions() lists',
  });
}
