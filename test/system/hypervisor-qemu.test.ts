import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import qemu, { type QemuHypervisor } from '@fairlead/hypervisor-qemu';
import type { MigrationSteps } from '@fairlead/sdk';
import { createInstance } from '@fairlead/sdk/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from './support/deadline.ts';
import { requireParts } from './support/parts.ts';
import { Guest } from './support/qemu.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const VM = { index: 0, name: 'web' };
const MAC = '52:54:00:00:00:0d';
/** A version 1 group of the cpu controller, as far as QEMU's own names it. */
const CPU = '/sys/fs/cgroup/cpu';

const parts = requireParts('the QEMU hypervisor on real guests', [
  ...(['root', 'qemu-system-x86_64', 'setpriv', 'guest-image'] as const),
]);
const hasCpuVersion1 = existsSync(join(CPU, 'cpu.cfs_quota_us'));
if (!hasCpuVersion1) process.stderr.write('skipped: CPU quotas of real guests: needs cgroup version 1 with cpu\n');

const figures = (text: string): void => void process.stdout.write(`${text}\n`);

/** Guests of one test, each with somebody at the other end of its NIC, and the plugin for each place. */
class Place {
  readonly #directory = temporaryDirectory();
  readonly #servers: Server[] = [];
  readonly #guests: Guest[] = [];
  readonly #hypervisors: QemuHypervisor[] = [];

  path(name: string): string {
    return join(this.#directory.path, name);
  }

  /** A guest, or with `incoming` a QEMU that waits for it. All have one memory. */
  async guest(name: string, incoming = false): Promise<Guest> {
    const nic = this.path(`${name}.nic`);
    // What it sends is nobody's.
    this.#servers.push(createServer((socket) => socket.on('error', () => undefined).resume()).listen(nic));
    const guest = await Guest.start({
      name,
      mac: MAC,
      nicPath: nic,
      qmpPath: this.path(`${name}.qmp`),
      memoryFile: this.path('memory'),
      incoming,
    });
    this.#guests.push(guest);
    return guest;
  }

  /** The plugin as the host of that QEMU has it. */
  hypervisor(name: string): QemuHypervisor {
    const made = createInstance(qemu, {
      sockets: { [VM.name]: this.path(`${name}.qmp`) },
      answerMs: '20s', // a busy machine
      migration: {
        listen: `unix:${this.path(name)}.migration`,
        sharedMemory: true,
        switchoverMs: '20s',
        stallMs: '30s',
      },
    }) as QemuHypervisor;
    this.#hypervisors.push(made);
    return made;
  }

  async close(): Promise<void> {
    for (const hypervisor of this.#hypervisors) await hypervisor.close();
    await Promise.all(this.#guests.map((guest) => guest.stop()));
    for (const server of this.#servers) server.close();
    this.#directory.remove();
  }
}

describe.skipIf(parts.skip)('a Linux guest under the QEMU hypervisor', () => {
  const place = new Place();
  let guest: Guest;
  let hypervisor: QemuHypervisor;

  beforeAll(async () => {
    guest = await place.guest('only');
    hypervisor = place.hypervisor('only');
  });
  afterAll(() => place.close());

  it('is paused and runs on, as its own QMP status says', async () => {
    expect([await hypervisor.status(VM), await guest.state()]).toEqual(['running', 'running']);
    await hypervisor.suspend(VM);
    expect([await hypervisor.status(VM), await guest.state()]).toEqual(['suspended', 'paused']);
    await hypervisor.resume(VM);
    expect([await hypervisor.status(VM), await guest.state()]).toEqual(['running', 'running']);
    expect((await guest.run('echo alive', 60_000)).output).toBe('alive\n');
  });

  it('that somebody else pauses is known to be', async () => {
    await guest.qmp('stop');
    expect(await hypervisor.status(VM)).toBe('suspended');
    await guest.qmp('cont');
    expect(await hypervisor.status(VM)).toBe('running');
  });

  describe.skipIf(!hasCpuVersion1)('with a CPU quota', () => {
    const groupOf = (pid: number): string =>
      /^\d+:(?:.*,)?cpu(?:,.*)?:(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1] ?? '?';
    const quota = (group: string): string[] =>
      ['cpu.cfs_quota_us', 'cpu.cfs_period_us'].map((file) => readFileSync(join(CPU, group, file), 'utf8').trim());
    /** How far the guest counts in 4 s of its own clock. */
    const counted = async (): Promise<number> => {
      const line = 'n=0; end=$(($(date +%s)+4)); while [ $(date +%s) -lt $end ]; do n=$((n+1)); done; echo $n';
      return Number((await guest.run(line, 120_000)).output);
    };
    /** Seconds of CPU time that QEMU has had, all threads (proc(5), utime and stime in ticks of 10 ms). */
    const cpuSeconds = (): number => {
      const [, , utime, stime] = /\) (\S+ ){11}(\d+) (\d+)/.exec(readFileSync(`/proc/${guest.pid}/stat`, 'utf8')) ?? [];
      return (Number(utime) + Number(stime)) / 100;
    };

    it('gets the fraction that was set, by its group and by its own loop, and all of it afterwards', async () => {
      const before = groupOf(guest.pid);
      const own = join(before, 'fairlead.web');
      const free = await counted();

      await hypervisor.throttle(VM, 0.2);
      expect([groupOf(guest.pid), quota(own)]).toEqual([own, ['20000', '100000']]);
      await hypervisor.throttle(VM, 0.02);
      expect([groupOf(guest.pid), quota(own)]).toEqual([own, ['2000', '100000']]);

      const [startMs, startSeconds] = [performance.now(), cpuSeconds()];
      const throttled = await counted();
      const share = (cpuSeconds() - startSeconds) / ((performance.now() - startMs) / 1000);
      const periods = Number(/nr_throttled (\d+)/.exec(readFileSync(join(CPU, own, 'cpu.stat'), 'utf8'))?.[1]);
      expect(throttled).toBeLessThan(free / 2);
      expect(share).toBeLessThan(0.03);
      expect(periods).toBeGreaterThan(10);

      await hypervisor.throttle(VM, 1);
      expect([groupOf(guest.pid), existsSync(join(CPU, own))]).toEqual([before, false]);
      const again = await counted();
      expect(again).toBeGreaterThan(throttled * 2);
      figures(
        `quota 2%: ${free} loops before, ${throttled} limited (${(share * 100).toFixed(1)}% of a CPU), ${again} after`,
      );
    });

    it('loses it with the plugin', async () => {
      const before = groupOf(guest.pid);
      const other = place.hypervisor('only');
      await hypervisor.close(); // QEMU hears one client at a time
      await other.throttle(VM, 0.5);
      expect(groupOf(guest.pid)).toBe(join(before, 'fairlead.web'));
      await other.close();
      expect([groupOf(guest.pid), existsSync(join(CPU, before, 'fairlead.web'))]).toEqual([before, false]);
    });
  });

  it('that powers itself off is known to have stopped', async () => {
    await guest.run('poweroff -f', 5_000).catch(() => undefined);
    const stopped = async (): Promise<boolean> => (await hypervisor.status(VM)) === 'stopped';
    expect(await until(stopped, 60_000, 'end of the guest')).toBe(true);
  });
});

describe.skipIf(parts.skip)('a Linux guest that migrates between two QEMUs of one machine', () => {
  const place = new Place();
  let source: Guest;
  let here: QemuHypervisor;

  beforeAll(async () => {
    source = await place.guest('here');
    here = place.hypervisor('here');
    await source.run('while :; do n=$((n+1)); echo $n > /tmp/count; sleep 0.05; done > /dev/null 2>&1 &', 60_000);
  });
  afterAll(() => place.close());

  const count = async (guest: Guest): Promise<number> => Number((await guest.run('cat /tmp/count', 60_000)).output);
  const goesOn = async (guest: Guest, from: number): Promise<void> => {
    await until(async () => (await count(guest)) > from, 60_000, 'step of the program in the guest');
  };

  it('runs on here when its destination dies at the switchover', async () => {
    const doomed = await place.guest('doomed', true);
    const there = place.hypervisor('doomed');
    const destination = await there.receive(VM);
    const before = await count(source);
    const states: string[] = [];
    const switchover = async (): Promise<void> => {
      states.push(await source.state());
      await doomed.kill();
    };
    await expect(here.migrate(VM, destination, { switchover })).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_HYPERVISOR',
    });
    expect(states).toEqual(['finish-migrate']);
    expect([await here.status(VM), await source.state()]).toEqual(['running', 'running']);
    await goesOn(source, before);
    await expect(there.arrived(VM)).rejects.toThrow('its QEMU has ended');
  });

  it('runs on here when it may not change hands, or nobody takes it', async () => {
    const waiting = await place.guest('waiting', true);
    const there = place.hypervisor('waiting');
    const destination = await there.receive(VM);
    const switchover = (): Promise<void> => Promise.reject(new Error('owned by another host'));
    await expect(here.migrate(VM, destination, { switchover })).rejects.toThrow('owned by another host');
    expect([await here.status(VM), await source.state()]).toEqual(['running', 'running']);
    await there.dismiss(VM);
    await until(
      () =>
        waiting.state().then(
          () => false,
          () => true,
        ),
      20_000,
      'end of the QEMU that was dismissed',
    );
    await expect(here.migrate(VM, destination, { switchover })).rejects.toThrow('cannot migrate web');
    expect(await source.state()).toBe('running');
  });

  it('goes there at the switchover, with what it runs, and its QEMU here ends', async () => {
    const target = await place.guest('there', true);
    const there = place.hypervisor('there');
    const destination = await there.receive(VM);
    expect(destination).toBe(`unix:${place.path('there.migration')}`);
    expect([await there.status(VM), await target.state()]).toEqual(['stopped', 'inmigrate']);

    const before = await count(source);
    const lines: string[] = [];
    const steps: MigrationSteps = {
      switchover: async () =>
        void lines.push(`switchover: ${await source.state()} here, ${await target.state()} there`),
      took: ({ downtimeMs, totalMs }) => {
        lines.push('took');
        figures(`migration with one memory file: ${totalMs} ms, ${downtimeMs} of them without the guest`);
      },
    };
    const arrival = there.arrived(VM);
    await here.migrate(VM, destination, steps);
    await arrival;
    expect(lines).toEqual(['switchover: finish-migrate here, inmigrate there', 'took']);
    expect([await here.status(VM), await there.status(VM), await target.state()]).toEqual([
      ...['migrated', 'running', 'running'],
    ]);
    await goesOn(target, before);
    await expect(source.state()).rejects.toThrow('ended');
    expect(statSync(place.path('memory')).size).toBe(128 << 20);
  });
});
