import { FairleadError } from '../../errors.ts';
import type { ResponderContext } from '../../points/responder.ts';
import { RESPONDER_VMS } from './responder-scenario.ts';

export type VmState = 'running' | 'suspended' | 'migrated' | 'gone';

/** The VMs of a small host, and a record of what a responder does to them. */
export class ResponderWorld {
  readonly states: VmState[] = Array<VmState>(RESPONDER_VMS).fill('running');
  /** Each call that was made, as `suspend 2`. */
  readonly calls: string[] = [];
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
      throttle: (vm, fraction) => this.#do(`throttle ${fraction}`, vm),
      delayInterrupts: (vm, delayUs) => this.#do(`delayInterrupts ${delayUs}`, vm),
      limitRate: (vm, rates) => this.#do(`limitRate ${JSON.stringify(rates)}`, vm),
      failover: (vm, team) => this.#do(`failover ${team}`, vm),
    };
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
