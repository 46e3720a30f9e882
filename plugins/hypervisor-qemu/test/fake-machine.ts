import path from 'node:path';
import { definePlugin, Logger, Options, Time } from '@fairlead/sdk';
import { QemuHypervisor, qemuOptions } from '../src/index.ts';
import type { MachineFiles } from '../src/machine-files.ts';

const HEADER = 'Num       RefCount Protocol Flags    Type St Inode Path';

/** The mount point of the cgroup file system. */
export const MOUNT = '/sys/fs/cgroup/cpu';

interface Group {
  /** The files that can be written, by name. */
  readonly files: Map<string, string>;
  readonly processes: Set<number>;
}

/**
 * The files of a Linux machine as far as CPU limits are concerned, with the kernel's rules (cgroups(7)): a group with
 * processes is not removed; in version 2, no group but the root has both processes and controllers for those below, and a
 * group has only the controllers that the one above hands down.
 */
export class FakeMachine implements MachineFiles {
  readonly version: 1 | 2;
  readonly groups = new Map<string, Group>();
  /** Sockets by inode, and who has them open. */
  readonly #sockets: { path: string; holders: number[] }[] = [];
  /** What was written, as `FILE TEXT`. */
  readonly written: string[] = [];
  readonly pidFiles = new Map<string, string>();
  failOn: string | undefined;

  constructor(version: 1 | 2 = 1) {
    this.version = version;
    this.#add(MOUNT, []);
  }

  /** Adds a group below the mount point, with processes in it. */
  group(name: string, processes: readonly number[]): string {
    const at = path.join(MOUNT, name);
    this.#add(at, processes);
    if (this.version === 2) this.#group(path.dirname(at)).files.set('cgroup.subtree_control', 'cpu memory');
    return at;
  }

  listen(socket: string, ...holders: number[]): void {
    this.#sockets.push({ path: socket, holders });
  }

  /** The processes that listen there have ended. */
  forget(socket: string): void {
    const at = this.#sockets.findIndex(({ path: bound }) => bound === socket);
    const [{ holders }] = this.#sockets.splice(at, 1);
    for (const pid of holders) {
      const own = this.groupOf(pid);
      if (own !== undefined) this.groups.delete(path.join(MOUNT, own));
    }
  }

  /** The group of a process, relative to the mount point. */
  groupOf(pid: number): string | undefined {
    const found = [...this.groups].find(([, { processes }]) => processes.has(pid));
    return found && `/${path.relative(MOUNT, found[0])}`;
  }

  async read(file: string): Promise<string> {
    if (file.endsWith('/net/unix')) {
      const lines = this.#sockets.map(({ path: at }, i) => `ffff: 00000002 00000000 00010000 0001 01 ${100 + i} ${at}`);
      return [HEADER, ...lines, 'ffff: 00000003 00000000 00000000 0001 03 99', ''].join('\n');
    }
    if (file === '/proc/self/mountinfo') {
      return this.version === 1
        ? `30 25 0:26 / ${MOUNT} rw,relatime - cgroup cgroup rw,cpu,cpuacct\n`
        : `30 25 0:26 / ${MOUNT} rw shared:9 - cgroup2 cgroup2 rw\n`;
    }
    const [, pid] = /^\/proc\/(\d+)\/cgroup$/.exec(file) ?? [];
    if (pid !== undefined) {
      const own = this.groupOf(Number(pid));
      if (own === undefined) throw failure('ENOENT', file);
      return this.version === 1 ? `9:cpu,cpuacct:${own}\n1:name=systemd:/\n0::/\n` : `0::${own}\n`;
    }
    const pidFile = this.pidFiles.get(file);
    if (pidFile !== undefined) return pidFile;
    const group = this.#group(path.dirname(file));
    if (path.basename(file) === 'cgroup.procs') return [...group.processes].map((one) => `${one}\n`).join('');
    const text = group.files.get(path.basename(file));
    if (text === undefined) throw failure('ENOENT', file);
    return `${text}\n`;
  }

  async write(file: string, text: string): Promise<void> {
    if (file === this.failOn) throw failure('EACCES', file);
    const group = this.#group(path.dirname(file));
    const name = path.basename(file);
    this.written.push(`${path.relative(MOUNT, file)} ${text}`);
    if (name === 'cgroup.procs') {
      if (this.version === 2 && path.dirname(file) !== MOUNT && this.#handsDown(path.dirname(file))) {
        throw failure('EBUSY', file);
      }
      for (const other of this.groups.values()) other.processes.delete(Number(text));
      group.processes.add(Number(text));
    } else if (name === 'cgroup.subtree_control') {
      const isRoot = path.dirname(file) === MOUNT;
      if (text === '+cpu' && group.processes.size > 0 && !isRoot) throw failure('EBUSY', file);
      group.files.set(name, text === '+cpu' ? 'cpu memory' : 'memory');
      for (const [at, below] of this.groups) {
        if (path.dirname(at) !== path.dirname(file)) continue;
        if (text === '+cpu') below.files.set('cpu.max', 'max 100000');
        else below.files.delete('cpu.max');
      }
    } else {
      if (!group.files.has(name)) throw failure('ENOENT', file);
      if (Number.parseInt(text, 10) < 1000 && text !== '-1') throw failure('EINVAL', file);
      group.files.set(name, text);
    }
  }

  async list(directory: string): Promise<string[]> {
    if (directory === '/proc') return ['1', ...this.#sockets.flatMap(({ holders }) => holders.map(String)), 'self'];
    return ['0', '1', '7'];
  }

  async link(link: string): Promise<string> {
    const [, pid, fd] = /^\/proc\/(\d+)\/fd\/(\d+)$/.exec(link) ?? [];
    if (link.endsWith('/cwd')) return '/run/vms';
    const held = this.#sockets.findIndex(({ holders }) => holders.includes(Number(pid)));
    return fd === '7' && held >= 0 ? `socket:[${100 + held}]` : '/dev/null';
  }

  async makeDirectory(directory: string): Promise<void> {
    if (this.groups.has(directory)) throw failure('EEXIST', directory);
    this.#group(path.dirname(directory));
    this.#add(directory, []);
  }

  async removeDirectory(directory: string): Promise<void> {
    if (this.#group(directory).processes.size > 0) throw failure('EBUSY', directory);
    this.groups.delete(directory);
  }

  #add(directory: string, processes: readonly number[]): void {
    const files = new Map<string, string>();
    if (this.version === 1) files.set('cpu.cfs_quota_us', '-1').set('cpu.cfs_period_us', '100000');
    else {
      files.set('cgroup.subtree_control', 'memory');
      if (this.#handsDown(path.dirname(directory))) files.set('cpu.max', 'max 100000');
    }
    this.groups.set(directory, { files, processes: new Set(processes) });
  }

  #handsDown(directory: string): boolean {
    return this.groups.get(directory)?.files.get('cgroup.subtree_control')?.includes('cpu') === true;
  }

  #group(directory: string): Group {
    const group = this.groups.get(directory);
    if (group === undefined) throw failure('ENOENT', directory);
    return group;
  }
}

function failure(code: string, file: string): Error {
  return Object.assign(new Error(`${code}: ${file}`), { code });
}

/** The plugin on a machine that is not there. */
export function qemuOn(machine: MachineFiles) {
  class OnFakeMachine extends QemuHypervisor {
    static readonly inject = [Options, Time, Logger];

    constructor(...parts: [...ConstructorParameters<typeof QemuHypervisor>]) {
      super(parts[0], parts[1], parts[2], machine);
    }
  }
  return definePlugin({
    kind: 'hypervisor',
    name: 'qemu',
    apiVersion: 1,
    options: qemuOptions,
    implementation: OnFakeMachine,
  });
}
