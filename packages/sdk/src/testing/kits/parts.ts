import type { Clock, Log, Random } from '../../clock.ts';
import type { NicTable } from '../../nic-table.ts';
import type { VmTable } from '../../vm-table.ts';
import { ManualClock, MemoryLog, testRandom } from '../clock.ts';
import { type TestNicTable, type TestVm, testNics, testVms } from '../tables.ts';

/**
 * What a plugin's constructor may want; a kit makes it anew for every scenario and every instance.
 *
 * @example
 * ```ts
 * import { PendingLoad } from '@fairlead/load-distribution-pending-load';
 * import { type KitParts, loadDistributionLaws } from '@fairlead/sdk/testing';
 *
 * const options = { grainBytes: 1514, priority: false, priorityHoldUs: 0, reservations: false };
 * const make = ({ nics, vms }: KitParts) => new PendingLoad(nics, vms, options);
 * for (const { check } of loadDistributionLaws(make)) await check();
 * ```
 */
export interface KitParts {
  /** The NICs of the scenario; all available at first. */
  readonly nics: TestNicTable;
  /** The VMs of the scenario. */
  readonly vms: VmTable;
  /** The scenario's clock. */
  readonly clock: Clock;
  /** A generator seeded by the scenario. */
  readonly random: Random;
  /** A log that nobody reads. */
  readonly log: Log;
}

export interface MutableKitParts extends KitParts {
  readonly clock: ManualClock;
}

export function kitParts(speedsBps: readonly number[], vms: readonly TestVm[]): MutableKitParts {
  return {
    nics: testNics(speedsBps),
    vms: testVms(vms),
    clock: new ManualClock(),
    random: testRandom(7),
    log: new MemoryLog(),
  };
}

/** Remembers both tables; the function it returns says which column was written since. */
export function tablesWritten({ nics, vms }: KitParts): () => string | undefined {
  const [nicsWritten, vmsWritten] = [watchTable(nics), watchTable(vms)];
  return () => {
    const [nicColumn, vmColumn] = [nicsWritten(), vmsWritten()];
    if (nicColumn !== undefined) return `it wrote nics.${nicColumn}`;
    return vmColumn === undefined ? undefined : `it wrote vms.${vmColumn}`;
  };
}

/** Remembers a table; the function it returns names a column that was written since. */
function watchTable(table: NicTable | VmTable): () => string | undefined {
  const columns: [name: string, column: Float64Array | Int32Array, before: Float64Array | Int32Array][] = [];
  for (const [name, column] of Object.entries(table)) {
    if (column instanceof Float64Array || column instanceof Int32Array) columns.push([name, column, column.slice()]);
  }
  return () =>
    columns.find(([, column, before]) => {
      for (let row = 0; row < column.length; row++) if (!Object.is(column[row], before[row])) return true;
      return false;
    })?.[0];
}
