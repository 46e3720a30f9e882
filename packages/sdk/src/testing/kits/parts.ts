import type { Clock, Log, Random } from '../../clock.ts';
import type { NicTable } from '../../nic-table.ts';
import type { VmTable } from '../../vm-table.ts';
import { ManualClock, MemoryLog, testRandom } from '../clock.ts';
import { type TestNicTable, type TestVm, testNics, testVms } from '../tables.ts';

/** What a plugin's constructor may want; a kit makes it anew for every scenario and every instance. */
export interface KitParts {
  readonly nics: TestNicTable;
  readonly vms: VmTable;
  readonly clock: Clock;
  readonly random: Random;
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
