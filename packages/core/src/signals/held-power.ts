import { isFairleadError } from '@fairlead/sdk';
import { messageOf } from './answer.ts';

/** After so long what was refused is tried again. */
const RETRY_US = 1_000_000;

/** How a power is used. */
export interface Use<W> {
  /** What the wishes of several holders, the latest last, come to. */
  strictest(wishes: readonly W[]): W;
  /**
   * Has it done to a VM; `undefined`: nobody asks for anything any more. Refuses with `FAIRLEAD_ERR_VM_STATE` when the VM
   * is not there to be changed.
   */
  apply(vm: number, wish: W | undefined): Promise<void>;
}

/**
 * Who asks for how much of one power over which VM. Several actions may hold a VM: the strictest stands, and what is left
 * is restored when one of them lets go. What fails then is tried again until it succeeds or the VM is gone.
 */
export class HeldPower<W extends string | number | boolean> {
  readonly #use: Use<W>;
  readonly #nowUs: () => number;
  readonly #holders = new Map<number, Map<object, W>>();
  /** VMs that are not as they should be, and when they are tried again. */
  readonly #owed = new Map<number, number>();

  constructor(nowUs: () => number, use: Use<W>) {
    this.#nowUs = nowUs;
    this.#use = use;
  }

  /** Puts a holder's wish in the place of the one that it had. */
  async take(holder: object, vm: number, wish: W): Promise<void> {
    const holders = this.#holders.get(vm) ?? new Map<object, W>();
    this.#holders.set(vm, holders);
    holders.delete(holder); // it is the latest now
    holders.set(holder, wish);
    this.#owed.delete(vm);
    await this.#use.apply(vm, this.#wish(vm));
  }

  /** Lets go of a VM; says what went wrong. */
  async release(holder: object, vm: number): Promise<string | undefined> {
    const before = this.#wish(vm);
    if (this.#holders.get(vm)?.delete(holder) !== true) return undefined;
    return this.#wish(vm) === before ? undefined : this.#restore(vm);
  }

  /** Tries again what has failed. */
  poll(nowUs: number): Promise<unknown>[] {
    return [...this.#owed].filter(([, dueUs]) => nowUs >= dueUs).map(([vm]) => this.#restore(vm));
  }

  #wish(vm: number): W | undefined {
    const wishes = [...(this.#holders.get(vm)?.values() ?? [])];
    return wishes.length === 0 ? undefined : this.#use.strictest(wishes);
  }

  async #restore(vm: number): Promise<string | undefined> {
    this.#owed.delete(vm);
    try {
      await this.#use.apply(vm, this.#wish(vm));
      return undefined;
    } catch (cause) {
      // Stopped, or on another host: there is nothing left to restore.
      if (isFairleadError(cause) && cause.code === 'FAIRLEAD_ERR_VM_STATE') return undefined;
      this.#owed.set(vm, this.#nowUs() + RETRY_US);
      return `${messageOf(cause)}; it is tried again until it succeeds`;
    }
  }
}
