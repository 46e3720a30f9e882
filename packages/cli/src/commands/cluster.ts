import { setTimeout as delay } from 'node:timers/promises';
import type { MigrationRecord } from '@fairlead/core';
import type { HostInfo } from '@fairlead/sdk';
import { ask } from '../control/client.ts';
import type { Output } from '../output.ts';
import { hostTable, migrationLine, migrationLines } from '../view/cluster.ts';
import type { ControlOptions } from './status.ts';

/** How often a migration that takes its time is looked at. */
const LOOK_MS = 1000;

/** `fairlead hosts`: the hosts that have announced themselves lately. */
export async function listHosts({ control, json }: ControlOptions, output: Output): Promise<number> {
  const { self, hosts } = await ask<{ self: string; hosts: HostInfo[] }>(control, 'cluster.hosts');
  if (json) output.print(JSON.stringify({ version: 1, self, hosts }));
  else for (const line of hostTable(self, hosts)) output.print(line);
  return 0;
}

/** `fairlead migrations`: those under way, and the latest that are over. */
export async function listMigrations({ control, json }: ControlOptions, output: Output): Promise<number> {
  const migrations = await ask<MigrationRecord[]>(control, 'cluster.migrations');
  if (json) output.print(JSON.stringify({ version: 1, migrations }));
  else for (const line of migrationLines(migrations)) output.print(line);
  return 0;
}

/** `fairlead vm migrate`: moves a VM to another host, and says when it runs there. */
export async function migrateVmToHost(
  args: { readonly vm: string; readonly to?: string; readonly cause?: string },
  { control, json }: ControlOptions,
  output: Output,
): Promise<number> {
  let migration = await ask<MigrationRecord>(control, 'cluster.migrate', args);
  while (migration.endedUs === undefined) {
    await delay(LOOK_MS);
    const all = await ask<MigrationRecord[]>(control, 'cluster.migrations');
    migration = all.find(({ id }) => id === migration.id) ?? { ...migration, endedUs: 0 };
  }
  if (json) output.print(JSON.stringify({ version: 1, migration }));
  else output.print(migrationLine(migration));
  return migration.state === 'done' ? 0 : 1;
}
