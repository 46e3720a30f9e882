/** A VM as its hypervisor is told of it. */
export interface VmRef {
  /** VM number, the row in `VmTable`. */
  readonly index: number;
  /** Name of the VM, as the configuration has it. */
  readonly name: string;
}

/** What a hypervisor says of a VM; `migrated`: it runs on another host now. */
export type VmStatus = 'stopped' | 'running' | 'suspended' | 'migrating' | 'migrated';

/**
 * How is a VM suspended, resumed, throttled, migrated? Control path, on the host's thread. The VM manager makes at
 * most one call at a time per VM, checks the VM's state before, and bounds each call in time. Every hook is
 * idempotent: suspending a suspended VM succeeds. A rejection leaves the VM as it was, and the manager asks `status`
 * to learn how that is.
 *
 * @example
 * ```ts
 * import type { Hypervisor, VmRef, VmStatus } from '@fairlead/sdk';
 *
 * // Does nothing but remember what each VM is.
 * class Notebook implements Hypervisor {
 *   readonly #status = new Map<string, VmStatus>();
 *
 *   async start(vm: VmRef): Promise<void> {
 *     this.#status.set(vm.name, 'running');
 *   }
 *   async suspend(vm: VmRef): Promise<void> {
 *     this.#status.set(vm.name, 'suspended');
 *   }
 *   async resume(vm: VmRef): Promise<void> {
 *     this.#status.set(vm.name, 'running');
 *   }
 *   async stop(vm: VmRef): Promise<void> {
 *     this.#status.set(vm.name, 'stopped');
 *   }
 *   async migrate(vm: VmRef, destination: string): Promise<void> {
 *     this.#status.set(vm.name, destination === '' ? 'running' : 'migrated');
 *   }
 *   async throttle(vm: VmRef, fraction: number): Promise<void> {
 *     void [vm, fraction]; // nothing runs here that could be slowed
 *   }
 *   async status(vm: VmRef): Promise<VmStatus> {
 *     return this.#status.get(vm.name) ?? 'stopped';
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
  migrate(vm: VmRef, destination: string): Promise<void>;
  /** Cuts the VM's CPU time to a fraction in (0, 1]; 1 lifts it. */
  throttle(vm: VmRef, fraction: number): Promise<void>;
  /** How the VM is now, from the hypervisor itself, not from what it was told last. */
  status(vm: VmRef): Promise<VmStatus>;
  /** Called once at the end. */
  close?(): Promise<void>;
}
