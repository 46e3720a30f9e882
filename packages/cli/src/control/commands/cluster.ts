import { setTimeout as delay } from 'node:timers/promises';
import type { MigrationRecord } from '@fairlead/core';
import { Type } from '@fairlead/sdk';
import { controlCommand } from '../command.ts';

const closed = { additionalProperties: false } as const;
/** A connection on which nothing is said is given up after a minute: until then the state so far is said. */
const PATIENCE_MS = 20_000;

/** What goes on between a host and those beside it. */
export const clusterCommands = [
  controlCommand({
    name: 'cluster.hosts',
    args: Type.Object({}, closed),
    run: async ({ host }) => ({ self: host.config.name ?? '', hosts: await host.cluster.hosts() }),
  }),
  controlCommand({
    name: 'cluster.migrate',
    args: Type.Object(
      {
        vm: Type.String({ minLength: 1, description: 'name of a VM' }),
        to: Type.Optional(Type.String({ minLength: 1, description: 'name of a host' })),
        cause: Type.Optional(Type.String({ maxLength: 1000, description: 'what for' })),
      },
      closed,
    ),
    run: async ({ host }, { vm, to, cause = 'by hand' }): Promise<MigrationRecord> => {
      const patience = new AbortController();
      const late = delay(PATIENCE_MS, undefined, { signal: patience.signal, ref: false }).catch(() => undefined);
      const migration = host.migrate(vm, { to, cause });
      try {
        const record = await Promise.race([migration, late]);
        if (record !== undefined) return record;
        migration.catch(() => undefined); // its record says so
        return host.migrations().findLast((one) => one.vm === vm) as MigrationRecord;
      } finally {
        patience.abort();
      }
    },
  }),
  controlCommand({
    name: 'cluster.migrations',
    args: Type.Object({}, closed),
    run: ({ host }) => host.migrations(),
  }),
];
