import type { Host } from '@fairlead/core';
import { type Columns, DROP_REASONS, nicColumns, type TableLayout, viewTable, vmColumns } from '@fairlead/sdk';

/** The columns of a row by name; of frames by reason those that there are. */
export type RowValues = Readonly<Record<string, number | Readonly<Record<string, number>>>>;

/** Everything that the NIC table says of a NIC, of all workers together. */
export function nicRow({ arena }: Host, nic: number): RowValues {
  const { layout, handle } = arena;
  return rowOf(nicColumns, layout.nicTable as never, handle.memory, layout.at.nicTable, nic);
}

/** Everything that the VM table says of a VM. */
export function vmRow({ arena }: Host, vm: number): RowValues {
  const { layout, handle } = arena;
  return rowOf(vmColumns, layout.vmTable as never, handle.memory, layout.at.vmTable, vm);
}

function rowOf(
  columns: Columns,
  layout: TableLayout<Columns>,
  memory: SharedArrayBuffer,
  at: number,
  row: number,
): RowValues {
  const lanes = Array.from({ length: layout.lanes }, (_, lane) => viewTable(layout, memory, at, lane));
  const values: Record<string, number | Record<string, number>> = {};
  for (const [name, { laned, width }] of Object.entries(columns)) {
    const cell = (element: number): number => {
      const views = laned ? lanes : lanes.slice(0, 1);
      return views.reduce((sum, view) => sum + (view[name]?.[row * width + element] ?? 0), 0);
    };
    values[name] = width === 1 ? cell(0) : byReason(cell);
  }
  return values;
}

function byReason(cell: (element: number) => number): Record<string, number> {
  const counts = DROP_REASONS.map((reason, i) => [reason, cell(i)] as const);
  return Object.fromEntries(counts.filter(([, frames]) => frames > 0));
}

/** Frames of a column of reasons, of all reasons together. */
export function framesIn(value: RowValues[string] | undefined): number {
  if (value === undefined) return 0;
  return typeof value === 'number' ? value : Object.values(value).reduce((sum, frames) => sum + frames, 0);
}
