import type { Output } from '../output.ts';
import { installedPlugins, whereIs } from './installed.ts';

/** `fairlead plugin list`: which plugins a host file in a folder could use. Loads none of them. */
export function list(folder: string, { json = false }: { readonly json?: boolean }, output: Output): number {
  const plugins = installedPlugins(folder).map((plugin) => {
    const { kind, name, version, apiVersion, bundled } = plugin;
    return { kind, name, package: plugin.package, version, apiVersion, where: whereIs(plugin, folder), bundled };
  });
  if (json) {
    output.print(JSON.stringify({ version: 1, plugins }));
    return 0;
  }
  const rows = plugins.map(({ kind, name, version, apiVersion, where, package: own }) => [
    kind ?? '?',
    name ?? '?',
    version,
    String(apiVersion ?? '?'),
    `${own} (${where})`,
  ]);
  for (const line of columns([['KIND', 'NAME', 'VERSION', 'API', 'PACKAGE'], ...rows])) output.print(line);
  return 0;
}

/** Rows of cells as lines, with the cells of a column below each other. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
