import { FairleadError } from '../../errors.ts';
import type { ResponderContext } from '../../points/responder.ts';
import { RESPONDER_VMS } from './responder-scenario.ts';

export type VmState = 'running' | 'suspended' | 'migrated' | 'gone';

/** The VMs of a small host, and a record of what a responder does to them. */
export class ResponderWorld {
  readonly states: VmState[] = Array<VmState>(RESPONDER_VMS).fill('running');
  /** Each call that was made, as `suspend 2`. */
  readonly calls: string[] = [];
  /** What was set and not lifted again, as `throttle 0.5 2`, by power and VM. */
  readonly #set = new Map<string, string>();
  /** Every call rejects. */
  refuses = false;
  /** Calls wait until `go` while this is set. */
  holds = false;
  #held: (() => void)[] = [];

  context(nowUs: number, ttlMs: number): ResponderContext {
    return {
      nowUs,
      ttlMs,
      suspend: (vm) => this.#do('suspend', vm, 'suspended'),
      resume: (vm) => this.#do('resume', vm, 'running'),
      migrate: (vm) => this.#do('migrate', vm, 'migrated'),
      throttle: (vm, fraction) => this.#hold('throttle', String(fraction), vm, fraction === 1),
      delayInterrupts: (vm, delayUs) => this.#hold('delayInterrupts', String(delayUs), vm, delayUs === 0),
      limitRate: (vm, rates) => {
        const lifted = Object.values(rates).every((rateBps) => rateBps === Number.POSITIVE_INFINITY);
        return this.#hold('limitRate', JSON.stringify(rates), vm, lifted);
      },
      failover: (vm, team) => this.#hold('failover', String(team), vm, team === undefined),
    };
  }

  /** What still stands of all that was done, in words; undefined when everything was undone. */
  get left(): string | undefined {
    const suspended = this.states.indexOf('suspended');
    if (suspended >= 0) return `VM ${suspended} is still suspended`;
    const [set] = this.#set.values();
    return set === undefined ? undefined : `${set} still holds`;
  }

  /** As if every VM had been let go by hand. */
  reset(): void {
    this.states.fill('running');
    this.#set.clear();
  }

  async #hold(power: string, how: string, vm: number, lifted: boolean): Promise<void> {
    await this.#do(`${power} ${how}`, vm);
    if (lifted) this.#set.delete(`${power} ${vm}`);
    else this.#set.set(`${power} ${vm}`, `${power} ${how} ${vm}`);
  }

  /** Lets go on what was held. */
  go(): void {
    this.holds = false;
    for (const release of this.#held.splice(0)) release();
  }

  get heldCalls(): number {
    return this.#held.length;
  }

  async #do(what: string, vm: number, state?: VmState): Promise<void> {
    this.calls.push(`${what} ${vm}`);
    if (this.holds) await new Promise<void>((resolve) => this.#held.push(resolve));
    // The host's managers take their time too.
    await Promise.resolve();
    if (this.refuses || this.states[vm] === undefined || this.states[vm] === 'gone') {
      throw new FairleadError('FAIRLEAD_ERR_UNKNOWN_VM', `VM ${vm} is not there`, { mend: 'it was removed' });
    }
    if (this.states[vm] === 'migrated' && what !== 'migrate') {
      throw new FairleadError('FAIRLEAD_ERR_VM_STATE', `VM ${vm} is migrated; it cannot ${what}`);
    }
    if (state !== undefined) this.states[vm] = state;
  }
}
