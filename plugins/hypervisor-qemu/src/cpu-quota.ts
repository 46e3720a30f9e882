import path from 'node:path';
import { type CpuGroup, cpuGroupOf } from './cgroup.ts';
import { bandwidthOf, limit, processorsOf } from './cpu-bandwidth.ts';
import { codeOf, type MachineFiles } from './machine-files.ts';
import { Obstacle } from './refusal.ts';

/**
 * A limit on the CPU time of one QEMU: a group of its own below the one that it is in, which goes when the limit does.
 *
 * ```
 *   before   …/web.scope           QEMU
 *   limited  …/web.scope/fairlead.web   QEMU, cpu.cfs_quota_us or cpu.max
 *   after    …/web.scope           QEMU
 * ```
 *
 * What a run of Fairlead that crashed has left is found by the group's name, and taken over.
 */
export class CpuQuota {
  readonly #files: MachineFiles;
  readonly #name: string;
  /** The group that was made, until it is gone. */
  #own: CpuGroup | undefined;

  constructor(vm: string, files: MachineFiles) {
    this.#files = files;
    this.#name = `fairlead.${encodeURIComponent(vm)}`;
  }

  /**
   * Gives QEMU a fraction of the CPU time that its virtual processors could use, or that its group leaves them.
   * @throws Error when it cannot; QEMU is then where it was.
   */
  async set(pid: number, fraction: number, virtualProcessors: number): Promise<void> {
    const present = await cpuGroupOf(pid, this.#files);
    const isOwn = path.basename(present.directory) === this.#name;
    const directory = isOwn ? present.directory : path.join(present.directory, this.#name);
    const own = { ...present, directory };
    const origin = { ...present, directory: path.dirname(directory) };
    const bandwidth = bandwidthOf(fraction * Math.min(virtualProcessors, await processorsOf(origin, this.#files)));
    if (isOwn) {
      await limit(own.version, directory, bandwidth, this.#files);
      this.#own = own;
      return;
    }
    await this.#files.makeDirectory(directory).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
    this.#own = own;
    try {
      // Version 1 limits the group before QEMU is in it. Version 2 has no limits in it before the group above is empty
      // of processes and hands the controller down ("no internal processes", cgroups(7)).
      if (own.version === 1) await limit(1, directory, bandwidth, this.#files);
      await this.#move(pid, directory);
      if (own.version === 2) {
        await this.#handDown(origin.directory);
        await limit(2, directory, bandwidth, this.#files);
      }
    } catch (error) {
      await this.lift(pid);
      throw error;
    }
  }

  /** Takes the limit away; `pid`: QEMU, unless it has ended. */
  async lift(pid: number | undefined): Promise<void> {
    const own = this.#own ?? (await this.#leftBehind(pid));
    if (own === undefined) return;
    const origin = path.dirname(own.directory);
    // A group whose controllers are handed down may hold no process but in the root.
    if (own.version === 2 && origin !== own.root) {
      await this.#files.write(path.join(origin, 'cgroup.subtree_control'), '-cpu').catch(() => undefined);
    }
    for (const left of await this.#processesIn(own.directory)) {
      await this.#move(left, origin).catch((error: unknown) => {
        if (codeOf(error) !== 'ESRCH') throw error; // it has ended
      });
    }
    await this.#files.removeDirectory(own.directory).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw error;
    });
    this.#own = undefined;
  }

  async #leftBehind(pid: number | undefined): Promise<CpuGroup | undefined> {
    if (pid === undefined) return undefined;
    const present = await cpuGroupOf(pid, this.#files);
    return path.basename(present.directory) === this.#name ? present : undefined;
  }

  #move(pid: number, directory: string): Promise<void> {
    return this.#files.write(path.join(directory, 'cgroup.procs'), `${pid}`);
  }

  async #handDown(directory: string): Promise<void> {
    const file = path.join(directory, 'cgroup.subtree_control');
    if ((await this.#files.read(file)).split(/\s/).includes('cpu')) return;
    await this.#files.write(file, '+cpu').catch((error: unknown) => {
      if (codeOf(error) !== 'EBUSY') throw error;
      throw new Obstacle(
        `QEMU shares ${directory} with other processes`,
        'run it in a group of its own: systemd-run --scope',
      );
    });
  }

  async #processesIn(directory: string): Promise<number[]> {
    const text = await this.#files.read(path.join(directory, 'cgroup.procs')).catch(() => '');
    return text
      .split('\n')
      .filter((line) => /^\d+$/.test(line))
      .map(Number);
  }
}
