import { Deadline } from './deadline.ts';
import { setShared } from './migration.ts';
import type { Monitor } from './monitor.ts';
import type { MigrationOptions } from './options.ts';
import { Obstacle } from './refusal.ts';

const DEFER = 'start it with -incoming defer';

/**
 * Has a QEMU that was started with `-incoming defer` listen for the VM, and answers where.
 * @throws QmpError, or Error when it does not wait for one.
 */
export async function listenFor(uri: string, monitor: Monitor, options: MigrationOptions): Promise<string> {
  const state = await monitor.runState();
  if (state === 'absent') throw new Obstacle('its QEMU does not run', DEFER);
  if (state !== 'inmigrate') throw new Obstacle(`its QEMU is ${state}`, DEFER);
  const before = await addressOf(monitor);
  if (before !== undefined) return before; // a run of Fairlead before this one has asked for it
  await setShared(monitor, options);
  await monitor.ask('migrate-incoming', { uri });
  const address = await addressOf(monitor);
  if (address === undefined) throw new Obstacle('QEMU does not say where it listens', 'let it listen on tcp: or unix:');
  return address;
}

/** Waits until the VM has come, and lets it run. */
export async function awaitArrival(monitor: Monitor, options: MigrationOptions): Promise<void> {
  const limit = new Deadline(options.totalMs);
  try {
    for (;;) {
      const state = await monitor.runState();
      if (state === 'running') return;
      if (state === 'absent') throw new Obstacle('its QEMU has ended');
      if (state !== 'inmigrate') {
        // A QEMU that was started with -S leaves it to us.
        const { status } = await monitor.migration();
        if (status !== 'completed') throw new Obstacle(`its QEMU is ${state}`);
        await monitor.ask('cont');
        continue;
      }
      if (limit.isOver) throw new Obstacle(`it has not come for ${options.totalMs} ms`);
      await monitor.changed(options.pollMs);
    }
  } finally {
    limit.stop();
  }
}

/** QEMU's `SocketAddress` as a URI; port 0 has become one by now. */
async function addressOf(monitor: Monitor): Promise<string | undefined> {
  const [address] = (await monitor.migration()).addresses;
  if (address === undefined) return undefined;
  const { type, path, host, port } = address;
  if (type === 'unix') return `unix:${String(path)}`;
  if (type !== 'inet') return undefined;
  return `tcp:${String(host).includes(':') ? `[${String(host)}]` : String(host)}:${String(port)}`;
}
