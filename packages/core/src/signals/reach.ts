import { FairleadError, type ResponderContext } from '@fairlead/sdk';

/** What a responder may have done to a VM. */
export interface VmPower {
  /** Suspends a VM for one more holder, who lets go of it also when this fails. */
  hold(vm: number): Promise<void>;
  /** Lets go of it. */
  release(vm: number): Promise<void>;
  /** Moves it to the host that has room for it. */
  migrate(vm: number): Promise<void>;
}

/** Has no effect: what a chain that only says what it would do is given. */
export const NO_POWER: VmPower = {
  hold: async () => undefined,
  release: async () => undefined,
  migrate: async () => undefined,
};

/**
 * How far one answer of a responder reaches: to the one VM that its signal is about, and not beyond the time when its
 * actions are undone. What it holds is known here, so that it is given back also when the responder does not.
 */
export class Reach {
  readonly context: ResponderContext;
  readonly #vm: number | undefined;
  readonly #power: VmPower;
  #holding = false;
  /** Nothing more is done on its behalf. */
  #over = false;

  constructor(vm: number | undefined, power: VmPower, nowUs: number, ttlMs: number) {
    this.#vm = vm;
    this.#power = power;
    this.context = {
      nowUs,
      ttlMs,
      suspend: (target) => this.#suspend(target),
      resume: (target) => this.#resume(target),
      migrate: async (target) => {
        this.#demand(target);
        await this.#power.migrate(target);
      },
      throttle: (target) => this.#refuse(target),
      delayInterrupts: (target) => this.#refuse(target),
      limitRate: (target) => this.#refuse(target),
      failover: (target) => this.#refuse(target),
    };
  }

  async #refuse(vm: number): Promise<never> {
    this.#demand(vm);
    throw new FairleadError('FAIRLEAD_ERR_RESPONDER', 'this host can not do that yet', { mend: 'suspend the VM' });
  }

  async #suspend(vm: number): Promise<void> {
    this.#demand(vm);
    if (this.#holding) return;
    this.#holding = true;
    try {
      await this.#power.hold(vm);
    } catch (cause) {
      await this.#release();
      throw cause;
    }
    // It may have been given up while the hypervisor was at it; then `giveBack` has let go of it.
    this.#demand(vm);
  }

  /** Lets go of what this very answer has suspended; of nothing else. */
  async #resume(vm: number): Promise<void> {
    if (vm === this.#vm) await this.#release();
  }

  async #release(): Promise<void> {
    if (!this.#holding) return;
    this.#holding = false;
    await this.#power.release(this.#vm as number);
  }

  /** Ends it; whatever is still held is let go. */
  async giveBack(): Promise<void> {
    this.#over = true;
    await this.#release();
  }

  #demand(vm: number): void {
    const mend = 'act on the VM of the signal, and before the answer is given';
    if (this.#over) throw new FairleadError('FAIRLEAD_ERR_RESPONDER', 'the time for this answer is over', { mend });
    if (vm === this.#vm) return;
    throw new FairleadError('FAIRLEAD_ERR_RESPONDER', `the signal is not about VM number ${vm}`, { mend });
  }
}
