import type { MigrationRecord } from '@fairlead/core';
import type { HostInfo } from '@fairlead/sdk';
import { fit, shortRate } from './figures.ts';

/** The hosts as a table. */
export function hostTable(self: string, hosts: readonly HostInfo[]): string[] {
  const row = (...[name, room, load, more]: readonly string[]): string =>
    `${fit(name ?? '', 24)}${fit(room ?? '', 12)}${fit(load ?? '', 8)}${more ?? ''}`.trimEnd();
  const sorted = [...hosts].sort((a, b) => (a.name < b.name ? -1 : 1));
  return [
    row('host', 'room', 'load'),
    ...sorted.map(({ name, roomBps, load, underAttack }) => {
      const notes = [...(name === self ? ['this one'] : []), ...(underAttack ? ['under attack'] : [])];
      return row(name, shortRate(roomBps), `${Math.round(load * 100)}%`, notes.join(', '));
    }),
  ];
}

/** What has become of a migration, and of the hosts that did not take the VM. */
export function migrationLine({
  vm,
  from,
  to,
  state,
  progress,
  downtimeMs,
  outboundFrames,
  rejected,
  reason,
}: MigrationRecord): string {
  const way = `VM ${vm}: ${from} -> ${to === '' ? '?' : to}`;
  const under = state === 'copying' ? ` ${Math.round(progress * 100)}%` : '';
  const took = downtimeMs === undefined ? '' : `, away for ${Math.round(downtimeMs)} ms`;
  const frames = outboundFrames === 0 ? '' : `, ${outboundFrames} frames went along`;
  const why = reason === '' ? '' : `: ${reason}`;
  const others = rejected.map(({ host, why: whyNot }) => `; not ${host}: ${whyNot}`).join('');
  return `${way} ${state}${under}${took}${frames}${why}${others}`;
}

/** Migrations, the oldest first. */
export function migrationLines(migrations: readonly MigrationRecord[]): string[] {
  return migrations.length === 0 ? ['no VM was migrated'] : migrations.map(migrationLine);
}
