import { type NicColumns, NicState, type NicTable, nicColumns } from '../nic-table.ts';
import { type Columns, type ColumnViews, layOutTable, viewTable } from '../table.ts';
import { type VmColumns, VmRunState, type VmTable, vmColumns } from '../vm-table.ts';

function standAlone<C extends Columns>(columns: C, rows: number): ColumnViews<C> {
  const layout = layOutTable(columns, rows, 1);
  return viewTable(layout, new ArrayBuffer(layout.byteLength), 0, 0);
}

/** A `NicTable` for a test, with a hand on what is available. */
export interface TestNicTable extends NicTable {
  /** Makes exactly these NICs available (and up); the rest go down. */
  setAvailable(...nics: number[]): void;
  /** Puts one of the available NICs first. */
  setPreferred(nic: number): void;
}

/**
 * A table of NICs, all up and available unless said otherwise, at the given speeds in bit/s.
 *
 * @example
 * ```ts
 * import { type TestNicTable, testNics } from '@fairlead/sdk/testing';
 *
 * const nics: TestNicTable = testNics([1e9, 1e9, 10e9], ['left', 'right', 'fast']);
 * nics.pendingBytes[0] = 3000;
 * nics.setAvailable(0, 2); // the second is down
 * ```
 */
export function testNics(speedsBps: readonly number[], names?: readonly string[]): TestNicTable {
  const views: ColumnViews<NicColumns> = standAlone(nicColumns, speedsBps.length);
  const table = {
    ...views,
    count: speedsBps.length,
    names: names ?? speedsBps.map((_, i) => `nic${i}`),
    available: new Int32Array(speedsBps.length),
    availableCount: 0,
    preferred: -1,
    epoch: 0,
    setAvailable(...nics: number[]): void {
      views.state.fill(NicState.Down);
      const sorted = [...nics].sort((a, b) => a - b);
      for (const nic of sorted) views.state[nic] = NicState.Up;
      table.available.set(sorted);
      table.availableCount = sorted.length;
      table.preferred = sorted[0] ?? -1;
      table.epoch++;
    },
    setPreferred(nic: number): void {
      table.preferred = nic;
      table.epoch++;
    },
  };
  table.speedBps.set(speedsBps);
  table.setAvailable(...speedsBps.keys());
  return table;
}

/** What a test says of a VM; the rest is unlimited, one share, priority 0. */
export interface TestVm {
  /** Name; `vm` and its number when left out. */
  name?: string;
  /** Guaranteed rate in bit/s; 0 when left out. */
  reservationBps?: number;
  /** Allocated rate in bit/s; none when left out. */
  limitBps?: number;
  /** Rate within a burst in bit/s; none when left out. */
  peakBps?: number;
  /** Bytes that may go at the peak rate; 0 when left out. */
  burstBytes?: number;
  /** Weight relative to the others; 1 when left out. */
  shares?: number;
  /** Higher is served first; 0 when left out. */
  priority?: number;
}

/**
 * A table of running VMs.
 *
 * @example
 * ```ts
 * import { type TestVm, testVms } from '@fairlead/sdk/testing';
 *
 * const web: TestVm = { name: 'web', limitBps: 200e6, burstBytes: 65_536 };
 * const vms = testVms([web, {}]); // the second one has no limit, one share, priority 0
 * console.log(vms.names[1]); // vm1
 * ```
 */
export function testVms(vms: readonly TestVm[]): VmTable {
  const views: ColumnViews<VmColumns> = standAlone(vmColumns, vms.length);
  for (const [i, vm] of vms.entries()) {
    views.macWord0[i] = 0x00005452;
    views.macWord1[i] = i;
    views.runState[i] = VmRunState.Running;
    views.reservationBps[i] = vm.reservationBps ?? 0;
    views.limitBps[i] = vm.limitBps ?? Number.POSITIVE_INFINITY;
    views.peakBps[i] = vm.peakBps ?? Number.POSITIVE_INFINITY;
    views.burstBytes[i] = vm.burstBytes ?? 0;
    views.shares[i] = vm.shares ?? 1;
    views.priority[i] = vm.priority ?? 0;
  }
  return { ...views, count: vms.length, names: vms.map((vm, i) => vm.name ?? `vm${i}`) };
}
