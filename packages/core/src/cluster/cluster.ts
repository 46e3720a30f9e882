import type { HostInfo } from '@fairlead/sdk';
import type { MigrationRecord } from './migration-record.ts';
import type { MigrateOptions } from './migrations.ts';

/**
 * Something that a person should know of a host among others.
 *
 * @example
 * ```ts
 * import type { ClusterNotice, Host } from '@fairlead/core';
 *
 * function watch(host: Host): void {
 *   host.on('cluster', ({ what, vm, message }: ClusterNotice) => console.error(what, vm, message));
 * }
 * ```
 */
export interface ClusterNotice {
  /**
   * `out-of-reach` and `in-reach`: the registry; `not-started`: a VM that another host has, or of which nobody can say who
   * has it; `conflict`: the registry says that a VM that runs here is another host's.
   */
  readonly what: 'out-of-reach' | 'in-reach' | 'not-started' | 'conflict';
  /** Name of the VM; empty when it is about none. */
  readonly vm: string;
  /** What happened, in words. */
  readonly message: string;
}

/**
 * This host among others: says that it is there, has the VMs that are its own, and has VMs go to other hosts and come
 * from them. While the registry is out of reach it goes on with its VMs, and migrates none.
 *
 * @example
 * ```ts
 * import type { Cluster, Host } from '@fairlead/core';
 *
 * async function leave(host: Host): Promise<void> {
 *   const cluster: Cluster = host.cluster;
 *   for (const { name, roomBps } of await cluster.hosts()) console.log(`${name} has room for ${roomBps} bit/s`);
 *   const { to, downtimeMs } = await cluster.migrate('web', { cause: 'maintenance' });
 *   console.log(`web runs on ${to}; it was away for ${downtimeMs} ms`);
 * }
 * ```
 */
export interface Cluster {
  /** False while the registry is out of reach, or when there is none. */
  readonly reachable: boolean;
  /**
   * The hosts that have announced themselves lately, this one among them.
   * @throws FairleadError `FAIRLEAD_ERR_REGISTRY` while the registry is out of reach, `FAIRLEAD_ERR_MIGRATION` without one.
   */
  hosts(): Promise<readonly HostInfo[]>;
  /**
   * Moves a VM to another host: to the one that is named, or to the one that suits best by room and load and is not under
   * attack. Resolves when it runs there.
   * @throws FairleadError `FAIRLEAD_ERR_MIGRATION`, or `FAIRLEAD_ERR_VM_STATE` for one that does not run; it is where it was.
   */
  migrate(vm: string, options?: MigrateOptions): Promise<MigrationRecord>;
  /** The migrations that are under way, and the latest 1024 that are over; the oldest first. */
  migrations(): MigrationRecord[];
  /**
   * Resolves when nothing goes on but what waits for its time. On the inline runtime hosts speak to each other only while
   * the caller waits: `host.run(1000); await host.cluster.idle();`.
   */
  idle(): Promise<void>;
}
