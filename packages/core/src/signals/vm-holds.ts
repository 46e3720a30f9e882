import { isFairleadError, type VmTable } from '@fairlead/sdk';
import type { VmManager } from '../managers/vm-manager.ts';

/** After so long a hypervisor that refused is asked again. */
const RETRY_US = 1_000_000;

/**
 * Who holds which VM suspended. Several actions may hold one; it runs on when the last of them lets go, unless an
 * operator suspended it, too. A resumption that fails is tried again until it succeeds or the VM is gone.
 */
export class VmHolds {
  readonly #table: VmTable;
  readonly #vms: VmManager;
  readonly #nowUs: () => number;
  readonly #holds = new Map<number, number>();
  /** VMs that should run, and when they are tried again. */
  readonly #owed = new Map<number, number>();

  constructor(table: VmTable, vms: VmManager, nowUs: () => number) {
    this.#table = table;
    this.#vms = vms;
    this.#nowUs = nowUs;
  }

  /** Suspends a VM for one more holder, who lets go of it also when this fails: a late hypervisor may have done it. */
  async hold(vm: number): Promise<void> {
    this.#holds.set(vm, this.#count(vm) + 1);
    this.#owed.delete(vm);
    await this.#vms.suspend(this.#name(vm), 'responder');
  }

  /** Lets go of a VM; the last one to do so lets it run. */
  async release(vm: number): Promise<void> {
    const count = this.#count(vm) - 1;
    if (count > 0) {
      this.#holds.set(vm, count);
      return;
    }
    this.#holds.delete(vm);
    await this.#resume(vm);
  }

  /** Tries again what has failed. */
  poll(nowUs: number): Promise<void>[] {
    return [...this.#owed].filter(([, dueUs]) => nowUs >= dueUs).map(([vm]) => this.#resume(vm));
  }

  async #resume(vm: number): Promise<void> {
    this.#owed.delete(vm);
    if (this.#vms.suspendedByHand(vm)) return;
    try {
      await this.#vms.resume(this.#name(vm), 'responder');
    } catch (cause) {
      // Stopped, or on another host: there is nothing left to let run.
      if (isFairleadError(cause) && cause.code === 'FAIRLEAD_ERR_VM_STATE') return;
      if (!this.#holds.has(vm)) this.#owed.set(vm, this.#nowUs() + RETRY_US);
    }
  }

  #count(vm: number): number {
    return this.#holds.get(vm) ?? 0;
  }

  #name(vm: number): string {
    return this.#table.names[vm] as string;
  }
}
