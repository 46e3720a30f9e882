import type { VmRef, VmTable } from '@fairlead/sdk';
import type { VmState } from '../managers/hypervisor-calls.ts';
import type { VmManager } from '../managers/vm-manager.ts';
import type { ClusterNotice } from './cluster.ts';
import type { MigrationRules, VmLuggage } from './cluster-parts.ts';
import type { MigrationRecord } from './migration-record.ts';
import type { RegistryCalls } from './registry-calls.ts';

/** What a host gives for having others beside it. */
export interface ClusterSurroundings {
  /** Name of this host. */
  readonly self: string;
  readonly rules: MigrationRules;
  readonly announceMs: number;
  registry(changed: (reachable: boolean, why: string) => void): RegistryCalls;
  readonly table: VmTable;
  readonly vms: VmManager;
  readonly luggage: VmLuggage;
  /** Bandwidth of the NICs that serve, in bit/s. */
  capacityBps(): number;
  /** Share of it in use since it was asked last, 0 to 1. */
  load(): number;
  underAttack(): boolean;
  /** A VM's MAC address in the one way of writing it; undefined when the configuration names no such VM. */
  macOf(vm: string): string | undefined;
  /** What the hypervisor says. */
  status(vm: VmRef): Promise<VmState | undefined>;
  nowUs(): number;
  /** Calls back on the host's clock; returns how to call it off. */
  after(ms: number, callback: () => void): () => void;
  migration(record: MigrationRecord): void;
  notice(notice: ClusterNotice): void;
}
