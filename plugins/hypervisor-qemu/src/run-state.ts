import type { VmStatus } from '@fairlead/sdk';

/** QEMU's `RunState` (qapi/run-state.json), and `absent` where there is no QEMU. */
export type RunState = (typeof RUN_STATES)[number] | 'absent';

const RUN_STATES = [
  ...(['colo', 'debug', 'finish-migrate', 'guest-panicked', 'inmigrate', 'internal-error', 'io-error'] as const),
  ...(['paused', 'postmigrate', 'prelaunch', 'restore-vm', 'running', 'save-vm', 'shutdown'] as const),
  ...(['suspended', 'watchdog'] as const),
];

/** Reads the answer to `query-status`; undefined when it is none. */
export function runStateIn(answer: unknown): RunState | undefined {
  const status = (answer as { status?: unknown } | null | undefined)?.status;
  return RUN_STATES.find((known) => known === status);
}

/** States of `query-migrate` in which a migration is under way (qapi/migration.json, `MigrationStatus`). */
const UNDER_WAY = ['setup', 'active', 'pre-switchover', 'device', 'cancelling', 'postcopy-active', 'wait-unplug'];

export function isUnderWay(migration: string | undefined): boolean {
  return migration !== undefined && UNDER_WAY.includes(migration);
}

/** What is said of a VM whose QEMU is in a state and says of its last migration that it is `migration`. */
export function statusOf(state: RunState, migration: string | undefined): VmStatus {
  switch (state) {
    case 'absent':
    case 'prelaunch': // started with -S
    case 'inmigrate':
    case 'shutdown': // the guest has ended, and QEMU runs with -no-shutdown
      return 'stopped';
    case 'running':
    case 'colo':
      return isUnderWay(migration) ? 'migrating' : 'running';
    case 'finish-migrate':
      return 'migrating';
    case 'postmigrate': // also where a suspended VM is left by a migration that failed
      return migration === 'completed' ? 'migrated' : 'suspended';
    default:
      return 'suspended';
  }
}
