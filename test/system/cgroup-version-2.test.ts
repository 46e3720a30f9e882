import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import qemu, { QemuHypervisor } from '@fairlead/hypervisor-qemu';
import { definePlugin, Logger, Options, Time } from '@fairlead/sdk';
import { createInstance } from '@fairlead/sdk/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GuestFiles } from './support/guest-files.ts';
import { requireParts } from './support/parts.ts';
import { Guest } from './support/qemu.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const VM = { index: 0, name: 'web' };
const ROOT = '/sys/fs/cgroup';
const SCOPE = `${ROOT}/vms/web.scope`;
const OWN = `${SCOPE}/fairlead.web`;

const parts = requireParts('control groups version 2', ['qemu-system-x86_64', 'setpriv', 'guest-image']);

/**
 * The machine on which a hypervisor limits QEMU is here the guest, whose kernel has control groups version 2; the
 * process that is limited is a loop in it. Only whose the socket is has to be said.
 */
class Machine extends GuestFiles {
  loop = 0;
  readonly #socket: string;

  constructor(guest: Guest, socket: string) {
    super(guest);
    this.#socket = socket;
  }

  override async read(path: string): Promise<string> {
    if (!path.endsWith('/net/unix')) return super.read(path);
    return `Num RefCount Protocol Flags Type St Inode Path\nffff: 00000002 00000000 00010000 0001 01 77 ${this.#socket}\n`;
  }

  override async list(path: string): Promise<string[]> {
    if (path === '/proc') return [`${this.loop}`];
    return path === `/proc/${this.loop}/fd` ? ['3'] : super.list(path);
  }

  override async link(path: string): Promise<string> {
    return path === `/proc/${this.loop}/fd/3` ? 'socket:[77]' : super.link(path);
  }
}

describe.skipIf(parts.skip)('a CPU limit in control groups version 2, of a real kernel', () => {
  const directory = temporaryDirectory();
  let nic: Server;
  let guest: Guest;
  let machine: Machine;
  let hypervisor: QemuHypervisor;

  const shell = async (line: string): Promise<string> => {
    const { status, output } = await guest.run(line, 60_000);
    if (status !== 0) throw new Error(`"${line}" ended with ${status}: ${output}`);
    return output.trim();
  };
  const startLoop = async (): Promise<number> =>
    Number(await shell('sh -c "while :; do :; done" > /dev/null 2>&1 & echo $!'));
  const groupOf = (pid: number): Promise<string> => shell(`cut -d: -f3 /proc/${pid}/cgroup`);
  /** Of a processor, in 4 s of the guest's clock (proc(5): utime and stime in ticks of 10 ms). */
  const share = async (pid: number): Promise<number> => {
    const ticks = `set -- $(cat /proc/${pid}/stat); echo $((\${14} + \${15}))`;
    const [before, after] = (await shell(`${ticks}; sleep 4; ${ticks}`)).split('\n').map(Number);
    return ((after as number) - (before as number)) / 400;
  };

  beforeAll(async () => {
    const [nicPath, qmpPath] = [join(directory.path, 'nic'), join(directory.path, 'qmp')];
    nic = createServer((socket) => socket.on('error', () => undefined).resume()).listen(nicPath);
    guest = await Guest.start({ name: 'v2', mac: '52:54:00:00:00:0e', nicPath, qmpPath });
    machine = new Machine(guest, qmpPath);
    await shell(`mkdir -p ${ROOT} && mount -t cgroup2 cgroup2 ${ROOT}`);
    await shell(
      `echo +cpu > ${ROOT}/cgroup.subtree_control; mkdir ${ROOT}/vms; echo +cpu > ${ROOT}/vms/cgroup.subtree_control`,
    );
    await shell(`mkdir ${SCOPE}`);
    machine.loop = await startLoop();
    await shell(`echo ${machine.loop} > ${SCOPE}/cgroup.procs`);

    class OnGuest extends QemuHypervisor {
      static readonly inject = [Options, Time, Logger];
      constructor(...given: ConstructorParameters<typeof QemuHypervisor>) {
        super(given[0], given[1], given[2], machine);
      }
    }
    const plugin = definePlugin({ ...qemu, implementation: OnGuest });
    hypervisor = createInstance(plugin, { sockets: { web: qmpPath }, answerMs: '20s' }) as QemuHypervisor;
  });
  afterAll(async () => {
    await hypervisor?.close();
    await guest?.stop();
    nic?.close();
    directory.remove();
  });

  it('is a group of its own with cpu.max, holds, is changed, and is gone when it is lifted', async () => {
    const free = await share(machine.loop);
    await hypervisor.throttle(VM, 0.5);
    expect([await groupOf(machine.loop), await shell(`cat ${OWN}/cpu.max`)]).toEqual([
      ...['/vms/web.scope/fairlead.web', '50000 100000'],
    ]);
    await hypervisor.throttle(VM, 0.2);
    expect(await shell(`cat ${OWN}/cpu.max`)).toBe('20000 100000');
    const limited = await share(machine.loop);
    const throttled = Number(await shell(`grep nr_throttled ${OWN}/cpu.stat | cut -d' ' -f2`));

    await hypervisor.throttle(VM, 1);
    expect([await groupOf(machine.loop), await shell(`ls ${SCOPE} | grep -c fairlead || true`)]).toEqual([
      ...['/vms/web.scope', '0'],
    ]);
    const again = await share(machine.loop);
    process.stdout.write(`cpu.max 20%: ${free} of a CPU before, ${limited} limited, ${again} after\n`);
    expect([free > 0.4, limited > 0 && limited < 0.3, again > 0.4, throttled > 5]).toEqual([true, true, true, true]);
  });

  it('is lifted at the end', async () => {
    await hypervisor.throttle(VM, 0.5);
    expect(await groupOf(machine.loop)).toBe('/vms/web.scope/fairlead.web');
    await hypervisor.close();
    expect(await groupOf(machine.loop)).toBe('/vms/web.scope');
  });

  it('is refused where the process shares its group, and leaves it there', async () => {
    const other = await startLoop();
    await shell(`echo ${other} > ${SCOPE}/cgroup.procs`);
    await expect(hypervisor.throttle(VM, 0.5)).rejects.toThrow('QEMU shares');
    expect([await groupOf(machine.loop), await groupOf(other)]).toEqual(['/vms/web.scope', '/vms/web.scope']);
    expect(await shell(`ls ${SCOPE} | grep -c fairlead || true`)).toBe('0');
  });
});
