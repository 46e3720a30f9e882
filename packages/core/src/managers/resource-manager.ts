import { FairleadError, VmRunState, type VmTable } from '@fairlead/sdk';
import type { Bandwidth } from '../config.ts';
import { divide } from './entitlement.ts';
import type { NicManager } from './nic-manager.ts';

/** A VM whose reservation cannot be met by the NICs that are up. */
export interface UnmetReservation {
  /** Name of the VM. */
  readonly vm: string;
  /** What it was promised, in bit/s. */
  readonly reservationBps: number;
  /** What it can have now, in bit/s. */
  readonly entitledBps: number;
}

/**
 * Shares the bandwidth of the NICs between the VMs: holds each VM's allocation and computes, from the state of the
 * NICs and of the VMs together, what each is entitled to now. Admission policies enforce it; they read the same
 * columns.
 *
 * @example
 * ```ts
 * import type { ResourceManager, UnmetReservation } from '@fairlead/core';
 *
 * const resources: ResourceManager = host.resources;
 * resources.setAllocation('web', { limitBps: 500e6 });
 * console.log(resources.entitlement('web')); // bit/s, now
 * const tell = ({ vm, entitledBps }: UnmetReservation) => console.log(`${vm} can have ${entitledBps} bit/s`);
 * host.on('reservation-unmet', (unmet) => unmet.forEach(tell));
 * ```
 */
export class ResourceManager {
  readonly #table: VmTable;
  readonly #rows: ReadonlyMap<string, number>;
  readonly #nics: NicManager;
  readonly #unmet: (unmet: readonly UnmetReservation[]) => void;

  constructor(table: VmTable, nics: NicManager, unmet: (unmet: readonly UnmetReservation[]) => void) {
    this.#table = table;
    this.#rows = new Map(table.names.map((name, vm) => [name, vm]));
    this.#nics = nics;
    this.#unmet = unmet;
  }

  #index(vm: string): number {
    const index = this.#rows.get(vm);
    if (index !== undefined) return index;
    throw new FairleadError('FAIRLEAD_ERR_UNKNOWN_VM', `there is no VM "${vm}"`, {
      mend: 'use a name from the configuration',
    });
  }

  /**
   * Changes a VM's allocation; what is left out stays. It holds from the next batch on.
   * @throws FairleadError `FAIRLEAD_ERR_CONFIG_INVALID` for a negative rate or shares of 0, and nothing is changed.
   */
  setAllocation(vm: string, change: Partial<Bandwidth>): void {
    const row = this.#index(vm);
    for (const [key, value] of Object.entries(change)) {
      const mayBeUnbounded = key === 'limitBps' || key === 'peakBps';
      const least = key === 'shares' || mayBeUnbounded ? Number.MIN_VALUE : 0;
      if (!(Number.isFinite(value) || (mayBeUnbounded && value === Number.POSITIVE_INFINITY)) || value < least) {
        throw new FairleadError('FAIRLEAD_ERR_CONFIG_INVALID', `${key} is ${String(value)}`, {
          where: `bandwidth of VM ${vm}`,
          mend: `write a number ${least > 0 ? 'above' : 'of at least'} 0`,
        });
      }
    }
    const table = this.#table;
    if (change.reservationBps !== undefined) table.reservationBps[row] = change.reservationBps;
    if (change.limitBps !== undefined) table.limitBps[row] = change.limitBps;
    if (change.peakBps !== undefined) table.peakBps[row] = change.peakBps;
    if (change.burstBytes !== undefined) table.burstBytes[row] = change.burstBytes;
    if (change.shares !== undefined) table.shares[row] = change.shares;
    if (change.priority !== undefined) table.priority[row] = change.priority;
    this.recompute();
  }

  /** A VM's allocation; a rate without bound is Infinity. */
  allocation(vm: string): Required<Bandwidth> {
    const row = this.#index(vm);
    const table = this.#table;
    return {
      reservationBps: table.reservationBps[row],
      limitBps: table.limitBps[row],
      peakBps: table.peakBps[row],
      burstBytes: table.burstBytes[row],
      shares: table.shares[row],
      priority: table.priority[row],
    };
  }

  /** What a VM may have now, in bit/s, if every running VM wanted all it could get. */
  entitlement(vm: string): number {
    return this.#table.entitledBps[this.#index(vm)];
  }

  /** Divides the capacity anew. Called when a NIC, a VM or an allocation changes. */
  recompute(): void {
    const table = this.#table;
    const running = [...Array(table.count).keys()].filter((vm) => table.runState[vm] === VmRunState.Running);
    const granted = divide(
      this.#nics.capacityBps,
      running.map((vm) => ({
        reservationBps: table.reservationBps[vm],
        limitBps: table.limitBps[vm],
        shares: table.shares[vm],
        priority: table.priority[vm],
      })),
    );
    table.entitledBps.fill(0);
    const unmet: UnmetReservation[] = [];
    for (const [i, vm] of running.entries()) {
      table.entitledBps[vm] = granted[i];
      const reservationBps = Math.min(table.reservationBps[vm], table.limitBps[vm]);
      // A thousandth of slack: the division is exact in real numbers, not in doubles.
      if (granted[i] < reservationBps * 0.999)
        unmet.push({ vm: table.names[vm] as string, reservationBps, entitledBps: granted[i] });
    }
    if (unmet.length > 0) this.#unmet(unmet);
  }
}
