import { FairleadError, isFairleadError, type MigrationSteps, VmRunState } from '@fairlead/sdk';
import type { HeldVm, VmState } from '../managers/hypervisor-calls.ts';
import { STATES } from '../managers/hypervisor-calls.ts';
import type { ClusterParts } from './cluster-parts.ts';
import { frameMessages, type Prepare, type Whereabouts } from './message.ts';
import type { MigrationEntry } from './migration-record.ts';
import { inTransit } from './ownership.ts';

/** How often both sides are asked where the VM is, when neither says. */
const ASK_AGAIN_MS = 1000;
/** How often it is looked whether the VM's last frames have left. */
const LOOK_MS = 1;

/**
 * A VM leaves. Until the switchover it runs on here and its frames are sent here; in the switchover it runs nowhere, and
 * what waits of it is taken out of its rings and given to the host that it goes to, before that one lets it run. Whatever
 * fails, the VM is where its hypervisor has it: here, and then nothing has happened but a pause; or there.
 *
 * ```
 *   here:   prepare? ──▶ copy …  ──▶ pause ─ take frames ─ hand over ─ send frames ──▶ gone
 *   there:  receive  ──▶ wait …                                                    ──▶ runs, announced, claimed
 * ```
 */
export class Outgoing {
  readonly #parts: ClusterParts;
  readonly #held: HeldVm;
  readonly #entry: MigrationEntry;
  readonly #candidates: readonly string[];
  #to = '';
  #before: VmState = 'running';
  #outbound: Uint8Array[] = [];
  #inbound: Uint8Array[] = [];
  #switching: Promise<void> | undefined;
  /** The other host has all that it needs: from now on the hypervisor alone knows where the VM is. */
  #handed = false;
  #calledOff = false;

  constructor(parts: ClusterParts, held: HeldVm, entry: MigrationEntry, candidates: readonly string[]) {
    this.#parts = parts;
    this.#held = held;
    this.#entry = entry;
    this.#candidates = candidates;
  }

  /** @throws FairleadError when the VM is not migrated; it is here then, as it was. */
  async run(): Promise<void> {
    const { calls, ref } = this.#held;
    const { hypervisor } = calls;
    this.#before = this.#held.state();
    if (this.#before !== 'running' && this.#before !== 'suspended')
      throw this.#refused('FAIRLEAD_ERR_VM_STATE', `VM "${ref.name}" is ${this.#before}; it cannot migrate`);
    if (hypervisor === undefined)
      throw this.#refused('FAIRLEAD_ERR_HYPERVISOR', 'there is no hypervisor to migrate with');
    const address = await this.#prepare();
    this.#entry.note({ state: 'copying', to: this.#to });
    const steps: MigrationSteps = {
      switchover: () => (this.#switching ??= this.#switchover()),
      progress: (fraction) => this.#progress(fraction),
      took: ({ downtimeMs }) => {
        if (downtimeMs >= 0) this.#entry.note({ downtimeMs });
      },
    };
    try {
      await calls.bounded('migrate', async () => hypervisor.migrate(ref, address, steps), this.#parts.rules.limitMs);
      await steps.switchover(); // also for a hypervisor that did it all in one
    } catch (cause) {
      this.#calledOff = true;
      await this.#switching?.catch(() => undefined);
      const where = await this.#whereNow();
      if (where !== 'gone') return this.#restore(where, cause);
    }
    await this.#gone();
  }

  /** Asks one host after the other to get ready; answers where the VM is to be sent. */
  async #prepare(): Promise<string> {
    const { registry, luggage, coolDowns, self, macOf, nowUs } = this.#parts;
    const { id, vm, by, cause } = this.#entry.record;
    const allocation = luggage.allocation(vm);
    const bounded = (rateBps: number): number | null => (rateBps === Number.POSITIVE_INFINITY ? null : rateBps);
    const question: Prepare = {
      ask: 'prepare',
      id,
      vm,
      mac: macOf(vm) ?? '',
      from: self,
      by,
      cause: cause.slice(0, 1000),
      moves: coolDowns.moves(vm, nowUs()) + 1,
      byHand: this.#held.byHand,
      allocation: { ...allocation, limitBps: bounded(allocation.limitBps), peakBps: bounded(allocation.peakBps) },
    };
    for (const host of this.#candidates) {
      this.#to = host;
      try {
        const { address } = await registry.ask(host, question);
        if (address !== undefined) return address;
        this.#entry.reject(host, 'it gave no address to send the VM to');
      } catch (cause) {
        this.#entry.reject(host, whyOf(cause));
      }
      await this.#dismiss();
    }
    const why = this.#entry.record.rejected.map(({ host, why }) => `${host}: ${why}`).join('; ');
    throw this.#refused('FAIRLEAD_ERR_MIGRATION', why === '' ? 'there is no other host' : `no host takes it: ${why}`);
  }

  async #switchover(): Promise<void> {
    const { luggage, ownership, registry, rules, after } = this.#parts;
    const { ref } = this.#held;
    const { id, vm } = this.#entry.record;
    this.#demandGoingOn();
    this.#entry.note({ state: 'switching' });
    this.#held.set(VmRunState.Migrating); // its virtual NIC takes nothing more
    this.#outbound = await luggage.relocate({ step: 'leave', vm: ref.index });
    // What it has sent here must not leave after it has spoken there: switches would look for it here again.
    for (let ms = 0; ms < rules.drainMs && !luggage.drained(ref.index); ms += LOOK_MS) await after(LOOK_MS);
    await ownership.depart(vm, this.#to);
    this.#held.setAway(true);
    this.#inbound = luggage.withdraw(ref.index);
    for (const message of frameMessages({ id, vm }, this.#outbound, this.#inbound)) {
      this.#demandGoingOn();
      await registry.ask(this.#to, message);
    }
    this.#demandGoingOn();
    this.#handed = true;
    this.#entry.note({ outboundFrames: this.#outbound.length, inboundFrames: this.#inbound.length });
  }

  #demandGoingOn(): void {
    if (!this.#calledOff && !this.#parts.closing()) return;
    throw new FairleadError('FAIRLEAD_ERR_MIGRATION', 'the migration was called off', { mend: 'begin another one' });
  }

  #progress(fraction: number): void {
    if (!(fraction >= 0 && fraction <= 1) || this.#entry.over) return;
    // A hundred steps at the most are told of, however often the hypervisor speaks.
    if (fraction - this.#entry.record.progress >= 0.01 || fraction === 1) this.#entry.note({ progress: fraction });
  }

  /** After a failure: how the VM is here, or that it is gone. Before all was handed over it can only be here. */
  async #whereNow(): Promise<VmState | 'gone'> {
    const { calls, ref } = this.#held;
    for (let looks = 0; ; looks++) {
      const status = await calls.status(ref);
      if (status === 'running' || status === 'suspended') return status;
      if (!this.#handed) return status === 'stopped' ? status : this.#before;
      if (status === 'migrated') return 'gone';
      const there = await this.#askWhere();
      if (there === 'here') return 'gone';
      if (there === 'gone') return status === 'stopped' ? status : this.#before;
      if (this.#parts.closing()) return status === 'stopped' ? status : 'migrating';
      if (looks === 0) this.#entry.note({ state: 'unresolved', reason: 'neither host says where the VM is' });
      await this.#parts.after(ASK_AGAIN_MS);
    }
  }

  async #askWhere(): Promise<Whereabouts | undefined> {
    const { vm } = this.#entry.record;
    const asked = this.#parts.registry.ask(this.#to, { ask: 'whereabouts', vm });
    return (await asked.catch(() => undefined))?.where;
  }

  /** It did not go: everything is as before, but for the time that it took. */
  async #restore(state: VmState, cause: unknown): Promise<never> {
    const { luggage, ownership, self } = this.#parts;
    const { ref } = this.#held;
    await this.#dismiss();
    if (this.#switching !== undefined) {
      this.#held.setAway(false);
      await this.#takeBack(ref.index);
      luggage.send(ref.index, this.#outbound);
    }
    this.#held.set(STATES.indexOf(state) as VmRunState);
    if (state === 'stopped') ownership.giveUp(ref.name);
    else if (this.#switching !== undefined) await ownership.settle(ref.name, inTransit(self, this.#to));
    const error = failure(ref.name, cause);
    this.#entry.note({ state: state === 'stopped' ? 'lost' : 'called-off', reason: error.what });
    throw error;
  }

  async #takeBack(vm: number): Promise<void> {
    const asked = { step: 'arrive', vm, inbound: this.#inbound, anew: false } as const;
    await this.#parts.luggage.relocate(asked).catch(() => undefined); // its worker was lost, and they with it
  }

  async #gone(): Promise<void> {
    const { registry, ownership, coolDowns, nowUs } = this.#parts;
    const { id, vm } = this.#entry.record;
    this.#held.set(VmRunState.Migrated);
    ownership.left(vm);
    coolDowns.note(vm, coolDowns.moves(vm, nowUs()) + 1, nowUs());
    const { where } = await registry
      .ask(this.#to, { ask: 'settle', id, vm })
      .catch((): { where?: Whereabouts } => ({ where: 'coming' }));
    const reason = where === 'here' ? '' : `host "${this.#to}" has not said yet that it runs there`;
    this.#entry.note({ state: 'done', progress: 1, reason });
  }

  async #dismiss(): Promise<void> {
    const { id, vm } = this.#entry.record;
    // A host that does not hear of it gives the VM up by itself, in time.
    await this.#parts.registry.ask(this.#to, { ask: 'dismiss', id, vm }).catch(() => undefined);
  }

  #refused(code: 'FAIRLEAD_ERR_VM_STATE' | 'FAIRLEAD_ERR_HYPERVISOR' | 'FAIRLEAD_ERR_MIGRATION', why: string) {
    this.#entry.note({ state: 'refused', reason: why });
    const { vm } = this.#entry.record;
    return new FairleadError(code, `VM "${vm}" was not migrated: ${why}`, {
      where: 'migration',
      mend: 'mend it and try again',
    });
  }
}

function whyOf(cause: unknown): string {
  const error = isFairleadError(cause) && cause.cause instanceof Error ? cause.cause : cause;
  return isFairleadError(error) ? error.what : error instanceof Error ? error.message : String(error);
}

function failure(vm: string, cause: unknown): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_MIGRATION', `VM "${vm}" was not migrated: ${whyOf(cause)}`, {
    where: 'migration',
    mend: 'it is where it was; try again when the cause is mended',
    cause,
  });
}
