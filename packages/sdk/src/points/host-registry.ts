/** A host as others see it. */
export interface HostInfo {
  readonly name: string;
  /** Bandwidth not reserved by its VMs, in bit/s. */
  readonly roomBps: number;
  /** Share of its bandwidth in use, 0 to 1. */
  readonly load: number;
  readonly underAttack: boolean;
}

/**
 * Which other hosts exist, with what room, and which of them runs a VM? Control path. `announce` is called every few
 * seconds and its entry expires by itself when it is not. A rejection means that the registry is out of reach: the
 * host goes on with the VMs it has and migrates none.
 */
export interface HostRegistry {
  announce(self: HostInfo): Promise<void>;
  hosts(): Promise<readonly HostInfo[]>;
  /** Takes a VM for a host if no other has it: true exactly once among concurrent callers. */
  claim(vm: string, host: string): Promise<boolean>;
  release(vm: string, host: string): Promise<void>;
  close?(): Promise<void>;
}
