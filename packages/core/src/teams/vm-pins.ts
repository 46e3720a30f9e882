import { FairleadError } from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';

/**
 * VMs whose frames an operator has put on one member of their team. The `pinnedNic` column says so to the forwarding
 * workers, which look at it when they are told that something has changed. A pin ends when its NIC ceases to serve: that
 * it comes back is no reason to move the VM once more.
 */
export class VmPins {
  readonly #arena: Arena;
  readonly #pinned = new Set<number>();

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /**
   * The number of a VM.
   * @throws FairleadError `FAIRLEAD_ERR_UNKNOWN_VM`
   */
  index(name: string): number {
    const vm = this.#arena.vms.names.indexOf(name);
    if (vm >= 0) return vm;
    throw new FairleadError('FAIRLEAD_ERR_UNKNOWN_VM', `there is no VM "${name}"`, {
      mend: 'use a name from the configuration',
    });
  }

  /** The NIC that a VM is pinned to; undefined when it is not. */
  nicOf(vm: number): number | undefined {
    const pin = this.#arena.vms.pinnedNic[vm];
    return pin === 0 ? undefined : pin - 1;
  }

  put(vm: number, nic: number): void {
    this.#arena.vms.pinnedNic[vm] = nic + 1;
    this.#pinned.add(vm);
  }

  release(vm: number): void {
    this.#arena.vms.pinnedNic[vm] = 0;
    this.#pinned.delete(vm);
  }

  /** VMs of a team whose NIC is none of those that serve it. */
  lost(team: number, serving: readonly number[]): number[] {
    return [...this.#pinned].filter((vm) => {
      const nic = this.nicOf(vm);
      return this.#arena.vms.team[vm] === team && nic !== undefined && !serving.includes(nic);
    });
  }
}

export function notServing(nic: string, team: string): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_HOST_STATE', `NIC "${nic}" does not serve team "${team}" now`, {
    mend: 'enable it, or make it an active member',
  });
}
