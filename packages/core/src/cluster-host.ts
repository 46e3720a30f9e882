import type { Cluster } from './cluster/cluster.ts';
import type { MigrationRecord } from './cluster/migration-record.ts';
import type { MigrateOptions } from './cluster/migrations.ts';
import { PolicyHost } from './policy-host.ts';

/** What a host offers as one of several. */
export abstract class ClusterHost extends PolicyHost {
  /** The hosts beside it, if its configuration has a registry. */
  abstract readonly cluster: Cluster;

  /**
   * Moves a VM to another host: to the one that is named, or to the one that suits best. Resolves when it runs there.
   * @throws FairleadError `FAIRLEAD_ERR_MIGRATION` and others: the VM is where it was, and the record says why.
   * @example
   * ```ts
   * const { to, downtimeMs } = await host.migrate('web', { cause: 'new memory for this host' });
   * console.log(`web runs on ${to}; it was away for ${downtimeMs} ms`);
   * ```
   */
  migrate(vm: string, options?: MigrateOptions): Promise<MigrationRecord> {
    return this.cluster.migrate(vm, options);
  }

  /** The migrations that are under way, and the latest 1024 that are over; the oldest first. */
  migrations(): MigrationRecord[] {
    return this.cluster.migrations();
  }
}
