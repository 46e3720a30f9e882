import {
  type Clock,
  FairleadError,
  type Hypervisor,
  inject,
  type Log,
  Logger,
  type MigrationSteps,
  Options,
  Time,
  type VmRef,
  type VmStatus,
} from '@fairlead/sdk';
import { linuxFiles, type MachineFiles } from './machine-files.ts';
import type { QemuOptions } from './options.ts';
import { QemuVm } from './qemu-vm.ts';
import { Obstacle, refusal } from './refusal.ts';

/**
 * VMs that are QEMU processes of this machine, reached over their QMP sockets. Whoever runs the processes starts each
 * with `-S`, and again when it has ended; this lets the VM in it run, and ends it.
 *
 * @example
 * ```ts
 * import qemu, { type QemuHypervisor } from '@fairlead/hypervisor-qemu';
 * import { createInstance } from '@fairlead/sdk/testing';
 *
 * const hypervisor = createInstance(qemu, { socket: '/run/vms/{vm}.qmp' }) as QemuHypervisor;
 * console.log(await hypervisor.status({ index: 0, name: 'web' })); // stopped: nobody listens on /run/vms/web.qmp
 * await hypervisor.close();
 * ```
 */
export class QemuHypervisor implements Hypervisor {
  /** By name: a VM that migrates has another number on each host. */
  readonly #vms = new Map<string, QemuVm>();
  readonly #options: QemuOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #files: MachineFiles;

  /** @throws FairleadError `FAIRLEAD_ERR_PLUGIN_OPTIONS` for a socket or an address that cannot be meant. */
  constructor(
    @inject(Options) options: QemuOptions,
    @inject(Time) clock: Clock,
    @inject(Logger) log: Log,
    files: MachineFiles = linuxFiles,
  ) {
    const { socket, migration } = options;
    if (socket !== undefined && !socket.includes('{vm}')) {
      throw refusedOption('socket', 'it is the same for every VM', 'write {vm} where the name of the VM belongs');
    }
    if (/^tcp:(0\.0\.0\.0|\[?::\]?)?:\d*$/.test(migration.listen ?? '')) {
      throw refusedOption('migration.listen', 'no other host can send to it', 'name an address of this host');
    }
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    this.#files = files;
  }

  start(vm: VmRef): Promise<void> {
    return this.#call('start', vm, (known) => known.start());
  }

  suspend(vm: VmRef): Promise<void> {
    return this.#call('suspend', vm, (known) => known.suspend());
  }

  resume(vm: VmRef): Promise<void> {
    return this.#call('resume', vm, (known) => known.resume());
  }

  stop(vm: VmRef): Promise<void> {
    return this.#call('stop', vm, (known) => known.stop());
  }

  migrate(vm: VmRef, destination: string, steps?: MigrationSteps): Promise<void> {
    return this.#call('migrate', vm, (known) => known.migrate(destination, steps));
  }

  receive(vm: VmRef): Promise<string> {
    return this.#call('receive', vm, (known) => known.receive());
  }

  arrived(vm: VmRef): Promise<void> {
    return this.#call('await', vm, (known) => known.arrived());
  }

  dismiss(vm: VmRef): Promise<void> {
    return this.#call('dismiss', vm, (known) => known.dismiss());
  }

  throttle(vm: VmRef, fraction: number): Promise<void> {
    return this.#call('throttle', vm, (known) => known.throttle(fraction));
  }

  status(vm: VmRef): Promise<VmStatus> {
    return this.#call('ask the status of', vm, (known) => known.status());
  }

  /** Lifts every limit on CPU time, and closes the connections; the VMs stay as they are. */
  async close(): Promise<void> {
    await Promise.all([...this.#vms.values()].map((vm) => vm.close()));
    this.#vms.clear();
  }

  async #call<T>(hook: string, vm: VmRef, work: (known: QemuVm) => Promise<T>): Promise<T> {
    try {
      return await work(this.#vm(vm.name));
    } catch (why) {
      throw refusal(hook, vm.name, why);
    }
  }

  #vm(name: string): QemuVm {
    let known = this.#vms.get(name);
    if (known === undefined) {
      const { socket: pattern, sockets, pidFile } = this.#options;
      // A name is no path: it must not lead out of the directory.
      if (/[/\0]/.test(name) || name === '..')
        throw new Obstacle('its name cannot be part of a path', 'name it without a slash');
      const socket = Object.hasOwn(sockets, name) ? sockets[name] : pattern?.replaceAll('{vm}', name);
      if (socket === undefined)
        throw new Obstacle('no QMP socket is named for it', 'name it in options.socket or options.sockets');
      const place = { socket, pidFile: pidFile?.replaceAll('{vm}', name) };
      known = new QemuVm(name, place, this.#options, this.#clock, this.#log, this.#files);
      this.#vms.set(name, known);
    }
    return known;
  }
}

function refusedOption(option: string, what: string, mend: string): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_PLUGIN_OPTIONS', what, { where: `options.${option}`, mend });
}
