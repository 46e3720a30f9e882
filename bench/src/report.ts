import type { Row } from './rounds.ts';

const HEADER = ['row', 'value', 'ours', 'peer', '', 'aim', '', 'spread'];

/** Three significant digits, without an exponent. */
function number(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const magnitude = Math.abs(value);
  if (magnitude >= 1000) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : 3);
}

function aim(row: Row): string {
  const { atMost, atLeast } = row.aim;
  if (atMost !== undefined) return `≤ ${atMost}`;
  return atLeast === undefined ? '' : `≥ ${atLeast}`;
}

function cells(row: Row): string[] {
  return [
    row.name,
    `${number(row.value)} ${row.unit}`,
    number(row.ours),
    row.peer === undefined ? '–' : number(row.peer),
    row.peerName ?? '',
    aim(row),
    aim(row) === '' ? '' : row.met ? 'met' : 'missed',
    `${Math.round(row.spread * 100)}%`,
  ];
}

/** The table: a line per row, the columns aligned. */
export function table(rows: readonly Row[]): string {
  const lines = [HEADER, ...rows.map(cells)];
  const widths = HEADER.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** What `--json` writes. */
export function json(rows: readonly Row[], rounds: number): string {
  const byName = Object.fromEntries(
    rows.map(({ name, value, spread, unit, ours, peer, peerName, aim: wanted, met }) => [
      name,
      {
        value,
        spread,
        unit,
        ours,
        ...(peer === undefined ? {} : { peer, peerName, ratio: ours / peer }),
        aim: wanted,
        met,
      },
    ]),
  );
  return `${JSON.stringify({ node: process.version, rounds, rows: byName }, undefined, 2)}\n`;
}
