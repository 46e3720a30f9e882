import { FairleadError, type ResponderContext } from '@fairlead/sdk';
import type { Power, VmPower, Wishes } from './vm-power.ts';

/** The longest time that received frames wait: a guest takes a NIC that is later for dead. */
const MAX_DELAY_US = 60_000_000;

/**
 * How far one answer of a responder reaches: to the one VM that its signal is about, and not beyond the time when its
 * actions are undone. What it holds is known here, so that it is given back also when the responder does not.
 */
export class Reach {
  readonly context: ResponderContext;
  readonly #vm: number | undefined;
  readonly #power: VmPower;
  readonly #holding = new Set<Power>();
  /** What went wrong while it was given back. */
  readonly #trouble = new Set<string>();
  /** Nothing more is done on its behalf. */
  #over = false;

  constructor(vm: number | undefined, power: VmPower, nowUs: number, ttlMs: number) {
    this.#vm = vm;
    this.#power = power;
    this.context = {
      nowUs,
      ttlMs,
      suspend: (target) => (this.#holding.has('suspend') ? this.#again(target) : this.#take(target, 'suspend', true)),
      resume: (target) => this.#letGo(target, 'suspend'),
      migrate: async (target) => {
        this.#demand(target);
        await this.#power.migrate(target);
      },
      throttle: (target, fraction) => this.#throttle(target, fraction),
      delayInterrupts: (target, delayUs) => this.#delay(target, delayUs),
      limitRate: (target, rates) => this.#limit(target, rates),
      failover: (target, team) => this.#failover(target, team),
    };
  }

  /** What went wrong while something was given back, so far. */
  get trouble(): string | undefined {
    return this.#trouble.size === 0 ? undefined : [...this.#trouble].join('; ');
  }

  async #again(vm: number): Promise<void> {
    this.#demand(vm);
  }

  async #throttle(vm: number, fraction: number): Promise<void> {
    if (fraction === 1) return this.#letGo(vm, 'throttle');
    if (!(fraction > 0 && fraction < 1)) throw senseless(`${fraction} is no fraction of a VM's CPU time`);
    await this.#take(vm, 'throttle', fraction);
  }

  async #delay(vm: number, delayUs: number): Promise<void> {
    if (delayUs === 0) return this.#letGo(vm, 'delay');
    if (!(delayUs > 0 && delayUs <= MAX_DELAY_US)) throw senseless(`frames can not wait for ${delayUs} us`);
    await this.#take(vm, 'delay', delayUs);
  }

  async #limit(vm: number, rates: { readonly inboundBps?: number; readonly outboundBps?: number }): Promise<void> {
    const { inboundBps = Number.POSITIVE_INFINITY, outboundBps = Number.POSITIVE_INFINITY } = rates;
    for (const rateBps of [inboundBps, outboundBps])
      if (!(rateBps > 0)) throw senseless(`${rateBps} bit/s is no rate to limit a VM to`);
    for (const [power, rateBps] of [['inbound', inboundBps] as const, ['outbound', outboundBps] as const]) {
      if (rateBps === Number.POSITIVE_INFINITY) await this.#letGo(vm, power);
      else await this.#take(vm, power, rateBps);
    }
  }

  async #failover(vm: number, team: string | undefined): Promise<void> {
    if (team === undefined) return this.#letGo(vm, 'team');
    this.#power.demandTeam(team);
    await this.#take(vm, 'team', team);
  }

  async #take<P extends Power>(vm: number, power: P, wish: Wishes[P]): Promise<void> {
    this.#demand(vm);
    this.#holding.add(power);
    try {
      await this.#power.take(power, this, vm, wish);
    } catch (cause) {
      await this.#release(power);
      throw cause;
    }
    // It may have been given up while the hypervisor was at it; then `giveBack` has let go of it.
    this.#demand(vm);
  }

  /** Lets go of what this very answer has asked for; of nothing else. */
  async #letGo(vm: number, power: Power): Promise<void> {
    if (vm === this.#vm) await this.#release(power);
  }

  async #release(power: Power): Promise<void> {
    if (!this.#holding.delete(power)) return;
    const trouble = await this.#power.release(power, this, this.#vm as number);
    if (trouble !== undefined) this.#trouble.add(trouble);
  }

  /** Ends it; whatever is still held is let go. */
  async giveBack(): Promise<void> {
    this.#over = true;
    await Promise.all([...this.#holding].map((power) => this.#release(power)));
  }

  #demand(vm: number): void {
    const mend = 'act on the VM of the signal, and before the answer is given';
    if (this.#over) throw new FairleadError('FAIRLEAD_ERR_RESPONDER', 'the time for this answer is over', { mend });
    if (vm === this.#vm) return;
    throw new FairleadError('FAIRLEAD_ERR_RESPONDER', `the signal is not about VM number ${vm}`, { mend });
  }
}

function senseless(what: string): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_RESPONDER', what, { mend: 'see the bounds in ResponderContext' });
}
