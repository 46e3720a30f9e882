import type { HookCost } from '@fairlead/core';
import { fit } from './figures.ts';

const COLUMNS = ['samples', 'mean', 'p50', 'p99', 'max'];
const COLUMN_WIDTH = 10;

/**
 * What the plugins' calls cost, by samples, as a table; nothing when none was sampled.
 * @param columns places of a line at most; names are cut to fit.
 */
export function costLines(
  all: readonly HookCost[],
  nics: readonly string[],
  columns = Number.POSITIVE_INFINITY,
): string[] {
  if (all.length === 0) return [];
  const names = all.map(({ plugin, hook, nic, worker }) => {
    const of = nic < 0 ? '' : ` (${nics[nic] ?? nic})`;
    return `${plugin}.${hook}${of}, worker ${worker}`;
  });
  const room = columns - COLUMNS.length * COLUMN_WIDTH;
  const width = Math.min(room, Math.max(12, ...names.map((name) => name.length)));
  const row = (name: string, cells: readonly string[]): string =>
    `${fit(name, width)}${cells.map((text) => fit(text, COLUMN_WIDTH, 'right')).join('')}`;
  return [
    row('µs a call', COLUMNS),
    ...all.map(({ samples, meanUs, p50Us, p99Us, maxUs }, i) =>
      row(names[i] as string, [String(samples), ...[meanUs, p50Us, p99Us, maxUs].map((us) => us.toFixed(2))]),
    ),
  ];
}
