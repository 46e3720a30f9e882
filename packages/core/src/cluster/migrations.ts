import { FairleadError, isFairleadError } from '@fairlead/sdk';
import { type Choice, chooseHost } from './choose-host.ts';
import type { ClusterParts } from './cluster-parts.ts';
import { Incoming, refusal } from './incoming.ts';
import { decodeQuestion, encode, type HostAnswer, type Prepare, type Question, type Whereabouts } from './message.ts';
import type { MigrationBy, MigrationEntry, MigrationRecord } from './migration-record.ts';
import { Outgoing } from './outgoing.ts';

/** How long the other host is waited for with the answer where the VM is. */
const SETTLE_MS = 1000;

/**
 * What a migration is asked for with.
 *
 * @example
 * ```ts
 * import type { MigrateOptions } from '@fairlead/core';
 *
 * const options: MigrateOptions = { to: 'host-b', cause: 'maintenance' };
 * await host.migrate('web', options);
 * ```
 */
export interface MigrateOptions {
  /** Name of the host to go to; the one that suits best when left out. */
  readonly to?: string | undefined;
  /** What for; for the record. */
  readonly cause?: string;
  /** Who wants it: a person may migrate a VM at any time, a responder once its cool-down is over. */
  readonly by?: MigrationBy;
}

/** What a migration looks at of the host that it goes from or comes to. */
export interface MigrationHost {
  /** Bandwidth reserved neither by the VMs that are here nor by those on their way, in bit/s. */
  roomBps(): number;
  underAttack(): boolean;
  /** As this host sees it. */
  whereabouts(vm: string): Whereabouts;
  /** What the hypervisor says: true when it runs here, or is suspended. */
  runsHere(vm: string): Promise<boolean>;
}

/** The migrations of a host, of VMs that leave and of VMs that come: so many at once, each once at a time. */
export class Migrations {
  readonly #parts: ClusterParts;
  readonly #host: MigrationHost;
  readonly #leaving = new Map<string, MigrationEntry>();
  readonly #coming = new Map<string, Incoming>();
  #count = 0;

  constructor(parts: ClusterParts, host: MigrationHost) {
    this.#parts = parts;
    this.#host = host;
  }

  /** The VMs that are on their way to this host, and what each has reserved, in bit/s. */
  *coming(): Iterable<readonly [vm: string, reservationBps: number]> {
    for (const [vm, { question }] of this.#coming) yield [vm, question.allocation.reservationBps];
  }

  /** @throws FairleadError when the VM is not migrated; the record says why. */
  async migrate(vm: string, { to, cause = '', by = 'operator' }: MigrateOptions): Promise<MigrationRecord> {
    const { self, log, hold } = this.#parts;
    const id = `${self}-${++this.#count}`;
    const entry = log.begin({ id, vm, from: self, to: to ?? '', direction: 'out', by, cause });
    try {
      this.#demandAllowed(vm, by);
      this.#leaving.set(vm, entry);
      try {
        const candidates = to === undefined ? await this.#choose(vm, entry) : this.#named(to);
        await hold(vm, (held) => new Outgoing(this.#parts, held, entry, candidates).run());
      } finally {
        this.#leaving.delete(vm);
      }
    } catch (cause) {
      const why = isFairleadError(cause) ? cause.what : String(cause);
      if (!entry.over) entry.note({ state: 'refused', reason: why });
      throw cause;
    }
    return entry.record;
  }

  #demandAllowed(vm: string, by: MigrationBy): void {
    const { rules, registry, coolDowns, nowUs, closing } = this.#parts;
    const refuse = (why: string, mend: string): never => {
      throw new FairleadError('FAIRLEAD_ERR_MIGRATION', `VM "${vm}" was not migrated: ${why}`, {
        where: 'migration',
        mend,
      });
    };
    if (closing()) refuse('the host is closing', 'begin none now');
    if (!registry.migrates) refuse('this registry has no host answer another', 'use another registry');
    if (!registry.reachable) refuse('the registry is out of reach', 'wait for it');
    if (this.#leaving.has(vm)) refuse('it is being migrated already', 'wait for the end of that');
    if (this.#leaving.size >= rules.atOnce)
      refuse(`${this.#leaving.size} migrations are under way`, 'wait for one to end, or raise migration.atOnce');
    const leftUs = coolDowns.leftUs(vm, nowUs());
    if (by === 'responder' && leftUs > 0)
      refuse(`it was migrated lately, and rests for ${Math.ceil(leftUs / 1e6)} s`, 'wait, or migrate it by hand');
  }

  #named(to: string): string[] {
    if (to !== this.#parts.self) return [to];
    throw refusal(`it is on host "${to}"`);
  }

  async #choose(vm: string, entry: MigrationEntry): Promise<string[]> {
    const { registry, self, luggage } = this.#parts;
    const choice: Choice = chooseHost(self, await registry.hosts(), luggage.allocation(vm).reservationBps);
    for (const { host, why } of choice.rejected) entry.reject(host, why);
    return choice.candidates.map(({ name }) => name);
  }

  /** Answers another host. What cannot be read, and what is refused, is an answer as well. */
  readonly answer = async (bytes: Uint8Array): Promise<Uint8Array> => {
    try {
      const { said, frames } = decodeQuestion(bytes);
      return encode(await this.#answer(said, frames));
    } catch (cause) {
      const refused = isFairleadError(cause) ? cause.what : cause instanceof Error ? cause.message : String(cause);
      return encode({ refused: refused.slice(0, 1000) } satisfies HostAnswer);
    }
  };

  async #answer(question: Question, frames: readonly Uint8Array[]): Promise<HostAnswer> {
    if (question.ask === 'whereabouts') return { where: await this.whereabouts(question.vm) };
    if (question.ask === 'prepare') return { address: await this.#prepare(question) };
    const incoming = this.#coming.get(question.vm);
    const known = incoming?.question.id === question.id ? incoming : undefined;
    if (question.ask === 'frames') {
      if (known === undefined) throw refusal(`VM "${question.vm}" is not expected`);
      known.add(question.part, question.outbound, frames);
      return {};
    }
    if (question.ask === 'dismiss') known?.dismiss();
    else known?.settle();
    if (known !== undefined) await Promise.race([known.over, this.#parts.after(SETTLE_MS)]);
    return { where: await this.whereabouts(question.vm) };
  }

  /** Where a VM is, in the end as the hypervisor says. */
  async whereabouts(vm: string): Promise<Whereabouts> {
    const seen = this.#seen(vm);
    return seen === 'gone' && (await this.#host.runsHere(vm)) ? 'here' : seen;
  }

  #seen(vm: string): Whereabouts {
    const row = this.#host.whereabouts(vm);
    if (this.#coming.has(vm) && row !== 'here') return 'coming';
    return this.#leaving.has(vm) && row !== 'gone' ? 'leaving' : row;
  }

  #prepare(question: Prepare): Promise<string> {
    const { hold } = this.#parts;
    const { vm } = question;
    this.#demandRoom(question);
    const incoming = new Incoming(this.#parts, question);
    this.#coming.set(vm, incoming);
    const forget = (): void => {
      if (this.#coming.get(vm) === incoming) this.#coming.delete(vm);
    };
    return new Promise((resolve, reject) => {
      void hold(vm, (held) => incoming.run(held, resolve)).then(forget, (cause: unknown) => {
        forget();
        reject(cause as Error);
      });
    });
  }

  /** @throws FairleadError with the reason why this host does not take a VM. */
  #demandRoom({ vm, mac, from, allocation }: Prepare): void {
    const { rules, macOf, closing } = this.#parts;
    const own = macOf(vm);
    if (closing()) throw refusal('it is closing');
    if (own === undefined) throw refusal(`its configuration names no VM "${vm}"`);
    if (own !== mac) throw refusal(`its configuration gives VM "${vm}" the address ${own}, not ${mac}`);
    const coming = this.#coming.get(vm);
    // Its source has been started again since, and knows nothing of that.
    if (coming?.question.from === from) coming.dismiss();
    if (coming !== undefined || this.#leaving.has(vm)) throw refusal(`VM "${vm}" is on its way already`);
    if (this.#coming.size >= rules.atOnce) throw refusal(`${this.#coming.size} VMs are on their way to it already`);
    if (this.#host.underAttack()) throw refusal('it is under attack');
    const roomBps = this.#host.roomBps();
    if (roomBps < allocation.reservationBps)
      throw refusal(`it has room for ${roomBps} bit/s, and the VM has ${allocation.reservationBps} bit/s reserved`);
  }

  /** Gives up what has been waited for too long, unless its source says that it is still at it. */
  async expire(nowUs: number): Promise<void> {
    for (const [vm, incoming] of [...this.#coming]) {
      if (!incoming.isOverdue(nowUs)) continue;
      const asked = this.#parts.registry.ask(incoming.question.from, { ask: 'whereabouts', vm });
      const { where } = await asked.catch((): HostAnswer => ({}));
      if (where !== 'leaving') incoming.dismiss();
    }
  }
}
