/** A VM as its hypervisor is told of it. */
export interface VmRef {
  /** VM number, the row in `VmTable`. */
  readonly index: number;
  readonly name: string;
}

export type VmStatus = 'stopped' | 'running' | 'suspended' | 'migrating' | 'migrated';

/**
 * How is a VM suspended, resumed, throttled, migrated? Control path, on the host's thread. The VM manager makes at
 * most one call at a time per VM, checks the VM's state before, and bounds each call in time. Every hook is
 * idempotent: suspending a suspended VM succeeds. A rejection leaves the VM as it was, and the manager asks `status`
 * to learn how that is.
 */
export interface Hypervisor {
  start(vm: VmRef): Promise<void>;
  suspend(vm: VmRef): Promise<void>;
  resume(vm: VmRef): Promise<void>;
  stop(vm: VmRef): Promise<void>;
  /** Moves the VM to another host, which runs it when the promise resolves; it no longer runs here. */
  migrate(vm: VmRef, destination: string): Promise<void>;
  /** Cuts the VM's CPU time to a fraction in (0, 1]; 1 lifts it. */
  throttle(vm: VmRef, fraction: number): Promise<void>;
  status(vm: VmRef): Promise<VmStatus>;
  /** Called once at the end. */
  close?(): Promise<void>;
}
