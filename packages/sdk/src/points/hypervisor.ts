/** A VM as its hypervisor is told of it. */
export interface VmRef {
  /** VM number, the row in `VmTable`. */
  readonly index: number;
  /** Name of the VM, as the configuration has it. */
  readonly name: string;
}

/** What a hypervisor says of a VM; `migrated`: it runs on another host now. */
export type VmStatus = 'stopped' | 'running' | 'suspended' | 'migrating' | 'migrated';

/** What happens on the way of a VM to another host. */
export interface MigrationSteps {
  /**
   * Called once, when the VM no longer runs here and does not yet run there: now it changes hands. When it rejects,
   * the migration is called off and the VM runs on here.
   */
  switchover(): Promise<void>;
  /** Called now and then with how much has been copied, 0 to 1. */
  progress?(fraction: number): void;
  /** Called at the end of a migration that succeeded, by a hypervisor that measures it. */
  took?(result: MigrationResult): void;
}

/**
 * What a migration took.
 *
 * @example
 * ```ts
 * import type { MigrationResult } from '@fairlead/sdk';
 *
 * const lineOf = ({ downtimeMs, totalMs }: MigrationResult) => `${totalMs} ms, ${downtimeMs} of them without the VM`;
 * ```
 */
export interface MigrationResult {
  /** How long the VM ran on neither host, in milliseconds, as the hypervisor says. */
  readonly downtimeMs: number;
  /** How long all of it took, in milliseconds. */
  readonly totalMs: number;
}

/**
 * How is a VM suspended, resumed, throttled, migrated? Control path, on the host's thread. The VM manager makes at
 * most one call at a time per VM, checks the VM's state before, and bounds each call in time. Every hook is
 * idempotent: suspending a suspended VM succeeds, and so does migrating one to where it has gone. Calls for several VMs
 * may be under way at once.
 *
 * What cannot be done is refused: a call that the VM's state does not allow, as resuming a stopped one, a VM that the
 * hypervisor does not know, a fraction that is none, a destination that does not take the VM. A refusal is a rejection
 * with a `FairleadError` (`FAIRLEAD_ERR_HYPERVISOR`, or a closer code). A rejection leaves the VM as it was, and the
 * manager asks `status` to learn how that is.
 *
 * ```
 *            start            suspend
 *   stopped ──────▶ running ──────────▶ suspended ──┐
 *      ▲               │  ◀────────── resume        │ migrate
 *      └──── stop ─────┴───────────────┘            ▼
 *                      └── migrate ──▶ migrating ▶ migrated
 * ```
 *
 * @example
 * ```ts
 * import { FairleadError, type Hypervisor, type MigrationSteps, type VmRef, type VmStatus } from '@fairlead/sdk';
 *
 * // Does nothing but remember what each VM is.
 * class Notebook implements Hypervisor {
 *   readonly #status = new Map<string, VmStatus>();
 *
 *   start = (vm: VmRef) => this.#move(vm, ['stopped', 'running'], 'running');
 *   suspend = (vm: VmRef) => this.#move(vm, ['running', 'suspended'], 'suspended');
 *   resume = (vm: VmRef) => this.#move(vm, ['suspended', 'running'], 'running');
 *   stop = (vm: VmRef) => this.#move(vm, ['stopped', 'running', 'suspended'], 'stopped');
 *   async migrate(vm: VmRef, _destination: string, steps?: MigrationSteps): Promise<void> {
 *     const status = await this.status(vm);
 *     if (status === 'running' || status === 'suspended') await steps?.switchover();
 *     await this.#move(vm, ['running', 'suspended', 'migrated'], 'migrated');
 *   }
 *
 *   async throttle(vm: VmRef, fraction: number): Promise<void> {
 *     if (!(fraction > 0 && fraction <= 1)) this.#refuse(`${fraction} is no fraction`);
 *     const status = await this.status(vm);
 *     await this.#move(vm, ['running', 'suspended'], status); // nothing runs here that could be slowed
 *   }
 *
 *   async status(vm: VmRef): Promise<VmStatus> {
 *     return this.#status.get(vm.name) ?? 'stopped';
 *   }
 *
 *   async #move(vm: VmRef, from: VmStatus[], to: VmStatus): Promise<void> {
 *     const status = await this.status(vm);
 *     if (!from.includes(status)) this.#refuse(`${vm.name} is ${status}`);
 *     this.#status.set(vm.name, to);
 *   }
 *
 *   #refuse(why: string): never {
 *     throw new FairleadError('FAIRLEAD_ERR_HYPERVISOR', why, { mend: 'ask for its status' });
 *   }
 * }
 * ```
 */
export interface Hypervisor {
  /** Brings the VM up; it runs when the promise resolves. */
  start(vm: VmRef): Promise<void>;
  /** Stops the VM's processors and keeps its memory. */
  suspend(vm: VmRef): Promise<void>;
  /** Lets a suspended VM run on. */
  resume(vm: VmRef): Promise<void>;
  /** Ends the VM; its memory is gone. */
  stop(vm: VmRef): Promise<void>;
  /** Moves the VM to another host, which runs it when the promise resolves; it no longer runs here. */
  migrate(vm: VmRef, destination: string, steps?: MigrationSteps): Promise<void>;
  /**
   * On the host that a VM comes to: gets ready for it, and answers the destination to which it is to be sent. A
   * hypervisor without it takes no VMs of other hosts.
   */
  receive?(vm: VmRef): Promise<string>;
  /** On the host that a VM comes to: resolves when it runs here, rejects when it will not come. */
  arrived?(vm: VmRef): Promise<void>;
  /** On the host that a VM was to come to: it does not; what `receive` made ready is given up. */
  dismiss?(vm: VmRef): Promise<void>;
  /** Cuts the VM's CPU time to a fraction in (0, 1]; 1 lifts it. */
  throttle(vm: VmRef, fraction: number): Promise<void>;
  /** How the VM is now, from the hypervisor itself, not from what it was told last. */
  status(vm: VmRef): Promise<VmStatus>;
  /** Called once at the end, also when nothing was ever asked. Must give back everything. */
  close?(): Promise<void>;
}
