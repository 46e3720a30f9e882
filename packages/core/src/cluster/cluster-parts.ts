import type { Bandwidth } from '../config.ts';
import type { HeldVm } from '../managers/hypervisor-calls.ts';
import type { Relocating } from '../runtime/questions.ts';
import type { CoolDowns } from './cool-down.ts';
import type { MigrationLog } from './migration-record.ts';
import type { Ownership } from './ownership.ts';
import type { RegistryCalls } from './registry-calls.ts';

/** How VMs go to other hosts, with every default in place. */
export interface MigrationRules {
  readonly atOnce: number;
  readonly coolDownMs: number;
  readonly maxCoolDownMs: number;
  readonly limitMs: number;
  readonly drainMs: number;
}

/** What a migration does to the host that a VM leaves or comes to. */
export interface VmLuggage {
  /** Has the loop that owns a VM let it go, and answer what waited in its ring; or take it in. */
  relocate(asked: Relocating): Promise<Uint8Array[]>;
  /** Takes what a VM has not received yet out of its ring. */
  withdraw(vm: number): Uint8Array[];
  /** Accepts frames as if the VM sent them now; those for which there is no room are dropped and counted. */
  send(vm: number, frames: readonly Uint8Array[]): void;
  /** True when no frame of a VM waits for a NIC. */
  drained(vm: number): boolean;
  /** Tells the network where a VM is now. */
  announce(vm: number): void;
  allocation(vm: string): Required<Bandwidth>;
  setAllocation(vm: string, allocation: Required<Bandwidth>): void;
}

/** What both sides of a migration are made of. */
export interface ClusterParts {
  /** Name of this host. */
  readonly self: string;
  readonly rules: MigrationRules;
  readonly registry: RegistryCalls;
  readonly ownership: Ownership;
  readonly coolDowns: CoolDowns;
  readonly log: MigrationLog;
  readonly luggage: VmLuggage;
  readonly hold: <T>(vm: string, work: (held: HeldVm) => Promise<T>) => Promise<T>;
  readonly macOf: (vm: string) => string | undefined;
  readonly nowUs: () => number;
  /** Resolves after a time on the host's clock, or when the host closes. */
  readonly after: (ms: number) => Promise<void>;
  /** The host is closing. */
  readonly closing: () => boolean;
}
