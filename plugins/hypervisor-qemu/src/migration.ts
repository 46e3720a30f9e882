import type { MigrationResult, MigrationSteps } from '@fairlead/sdk';
import { Deadline } from './deadline.ts';
import type { MigrationInfo, Monitor } from './monitor.ts';
import type { MigrationOptions } from './options.ts';
import { Obstacle } from './refusal.ts';
import { isUnderWay, statusOf } from './run-state.ts';

/** Just after its end QEMU may not have written down yet how long it took. */
const RESULT_SETTLES_MS = 150;

const TRY_AGAIN = 'it runs on here if it ran; try again, or another destination';

/**
 * Sends a VM to the QEMU that waits for it at a URI (QEMU, docs/devel/migration.rst).
 *
 * ```
 *   migrate ─▶ active ─▶ pre-switchover ─▶ device ─▶ completed
 *                 │            │ await steps.switchover(), then migrate-continue
 *                 └────────────┴── stalled, late, rejected ─▶ migrate_cancel ─▶ cont
 * ```
 *
 * The VM stands still from pre-switchover on. Until migrate-continue is sent it cannot run at its destination, so it is
 * safe to let it run on here; after that, only when QEMU itself says that the migration failed.
 *
 * @throws What it failed for, once the VM is as it was before.
 */
export async function sendTo(
  uri: string,
  monitor: Monitor,
  options: MigrationOptions,
  steps: MigrationSteps | undefined,
): Promise<MigrationResult> {
  const runs = statusOf(await monitor.runState(), undefined) === 'running';
  try {
    await prepare(monitor, options, steps !== undefined);
    await monitor.ask('migrate', { uri });
    await follow(monitor, options, steps);
  } catch (cause) {
    if (await rollBack(monitor, options, runs, cause)) throw cause;
  }
  return resultOf(monitor);
}

/** What both ends of a migration must be set to alike. */
export async function setShared(monitor: Monitor, options: MigrationOptions): Promise<void> {
  const wanted = { events: true, ...(options.sharedMemory && { 'x-ignore-shared': true }) };
  await setCapabilities(monitor, wanted);
}

async function setCapabilities(monitor: Monitor, wanted: Readonly<Record<string, boolean>>): Promise<void> {
  const capabilities = Object.entries(wanted).map(([capability, state]) => ({ capability, state }));
  await monitor.ask('migrate-set-capabilities', { capabilities });
}

async function prepare(monitor: Monitor, options: MigrationOptions, pauses: boolean): Promise<void> {
  await setShared(monitor, options);
  await setCapabilities(monitor, {
    'pause-before-switchover': pauses,
    // The destination says at the end whether it could load all of it.
    'return-path': true,
    'auto-converge': options.autoConverge,
  });
  const parameters = {
    ...(options.bandwidthBps !== undefined && { 'max-bandwidth': Math.floor(options.bandwidthBps / 8) }),
    ...(options.downtimeMs !== undefined && { 'downtime-limit': Math.floor(options.downtimeMs) }),
  };
  if (Object.keys(parameters).length > 0) await monitor.ask('migrate-set-parameters', parameters);
}

/** Sees a migration that has begun through to its end. */
async function follow(monitor: Monitor, options: MigrationOptions, steps: MigrationSteps | undefined): Promise<void> {
  const total = new Deadline(options.totalMs);
  const stall = new Deadline(options.stallMs);
  let transferred = -1;
  let told = -1;
  let switched = false;
  try {
    for (;;) {
      const info = await monitor.migration();
      if (info.status === 'completed') return;
      if (info.status === 'pre-switchover' && !switched) {
        switched = true;
        await standStill(options, steps);
        await monitor.ask('migrate-continue', { state: 'pre-switchover' });
        stall.restart();
        continue;
      }
      if (!isUnderWay(info.status))
        throw new Obstacle(info.problem ?? `QEMU says that it is ${info.status}`, TRY_AGAIN);
      const fraction = copied(info);
      if (fraction > told) steps?.progress?.((told = fraction));
      if (info.ram !== undefined && info.ram.transferred > transferred) {
        transferred = info.ram.transferred;
        stall.restart();
      }
      if (stall.isOver) throw new Obstacle(`it has not come on for ${options.stallMs} ms`, TRY_AGAIN);
      if (total.isOver) throw new Obstacle(`it has taken longer than ${options.totalMs} ms`, TRY_AGAIN);
      await monitor.changed(options.pollMs);
    }
  } finally {
    total.stop();
    stall.stop();
  }
}

/** Lets the VM change hands while it runs nowhere. */
async function standStill(options: MigrationOptions, steps: MigrationSteps | undefined): Promise<void> {
  const limit = new Deadline(options.switchoverMs);
  try {
    const late = (): Error =>
      new Obstacle(`the switchover has taken longer than ${options.switchoverMs} ms`, TRY_AGAIN);
    await limit.bound(Promise.resolve(steps?.switchover()), late);
  } finally {
    limit.stop();
  }
}

/** How much has been copied, 0 to 1. QEMU copies anew what the VM has written to since. */
function copied({ ram }: MigrationInfo): number {
  if (ram === undefined || ram.total <= 0) return 0;
  return Math.min(1, Math.max(0, 1 - ram.remaining / ram.total));
}

/**
 * Calls a migration off and lets the VM run on if it ran. False when the VM has gone all the same.
 * @throws Error when QEMU does not say what became of it.
 */
async function rollBack(monitor: Monitor, options: MigrationOptions, runs: boolean, cause: unknown): Promise<boolean> {
  const limit = new Deadline(options.switchoverMs);
  try {
    const whileIs = async (is: (status: string | undefined) => boolean): Promise<string | undefined> => {
      for (;;) {
        const { status } = await monitor.migration();
        if (!is(status) || limit.isOver) return status;
        await monitor.changed(options.pollMs);
      }
    };
    // The last word may be on its way: it is not called off before it has had the time to come.
    let status = await whileIs((now) => now === 'device');
    if (isUnderWay(status)) {
      limit.restart();
      await monitor.ask('migrate_cancel');
      status = await whileIs(isUnderWay);
    }
    if (isUnderWay(status)) throw new Error(`QEMU goes on with it and is ${status}`);
    const state = await monitor.runState();
    if (statusOf(state, status) === 'migrated') return false;
    if (runs && statusOf(state, status) !== 'running') await monitor.ask('cont');
    return true;
  } catch (error) {
    const [why, and] = [cause, error].map((one) => (one instanceof Error ? one.message : String(one)));
    throw new Obstacle(`${why}; and it could not be called off: ${and}`, 'see where it runs before it is resumed');
  } finally {
    limit.stop();
  }
}

async function resultOf(monitor: Monitor): Promise<MigrationResult> {
  let info = await monitor.migration();
  if (info.totalMs === 0) {
    await new Promise((resolve) => setTimeout(resolve, RESULT_SETTLES_MS));
    info = await monitor.migration();
  }
  return { downtimeMs: info.downtimeMs, totalMs: info.totalMs };
}
