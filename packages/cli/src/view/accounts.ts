import type { Account } from '@fairlead/core';
import { fit } from './figures.ts';

/** More rows are summed up in one; `--json` has them all. */
const MOST_ROWS = 48;

/** The conservation law as a table: where every frame of every VM and NIC went. */
export function accountLines(all: readonly Account[]): string[] {
  const wrong = all.filter((account) => account.missing !== 0);
  const used = all.filter((account) => account.missing === 0 && (account.accepted > 0 || account.dropped > 0));
  const shown = [...wrong, ...used].slice(0, MOST_ROWS);
  const rest = wrong.length + used.length - shown.length;
  const width = Math.max(12, ...shown.map((account) => account.subject.length));
  const row = (subject: string, cells: readonly string[]): string =>
    `${fit(subject, width)}${cells.map((text) => fit(text, 13, 'right')).join('')}`;
  return [
    row('frames', ['accepted', 'transmitted', 'queued', 'dropped', 'missing']),
    ...shown.map(({ subject, accepted, transmitted, queued, dropped, missing }) =>
      row(subject, [accepted, transmitted, queued, dropped, missing].map(String)),
    ),
    ...(rest === 0 ? [] : [`… and ${rest} more that balance`]),
  ];
}

/** The verdict on the law in one line. */
export function conservationLine(all: readonly Account[]): string {
  const missing = all.filter((account) => account.missing !== 0).length;
  return missing === 0
    ? 'conserved: every frame accounted for (accepted = transmitted + queued + dropped)'
    : `not conserved: ${missing} accounts do not balance`;
}
