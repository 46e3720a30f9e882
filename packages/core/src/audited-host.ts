import { type Account, accounts, assertConserved } from './conservation.ts';
import { DrivenHost } from './driven-host.ts';
import type { Arena } from './memory/arena.ts';
import type { HookCost } from './memory/cost-table.ts';

/** What is read of a host's shared memory: where its frames went, and what its plugins cost. */
export abstract class AuditedHost extends DrivenHost {
  /** This thread's views of the shared memory: tables, rings and pool, for metrics and tests. */
  abstract get arena(): Arena;

  /** The conservation law, per VM and NIC. */
  accounts(): Account[] {
    return accounts(this.arena);
  }

  /**
   * Checks the conservation law; exact when the host is quiet or inline.
   * @throws FairleadError `FAIRLEAD_ERR_CONSERVATION`
   */
  assertConserved(): void {
    assertConserved(this.arena);
  }

  /**
   * What the plugins' calls cost in the data path, by sampling one call in `runtime.sampleEvery`: a row for each worker,
   * plugin and hook. Microseconds; NIC -1 for a policy.
   *
   * @example
   * ```ts
   * for (const { plugin, hook, meanUs, p99Us } of host.costs()) console.log(`${plugin}.${hook} ${meanUs} ${p99Us}`);
   * ```
   */
  costs(): HookCost[] {
    return this.arena.costs.read();
  }
}
