import type { Clock, Log, MigrationSteps, VmStatus } from '@fairlead/sdk';
import { awaitArrival, listenFor } from './arrival.ts';
import { CpuQuota } from './cpu-quota.ts';
import { Deadline } from './deadline.ts';
import type { MachineFiles } from './machine-files.ts';
import { sendTo } from './migration.ts';
import { Monitor } from './monitor.ts';
import type { QemuOptions } from './options.ts';
import { listenerOn, pidIn } from './qemu-process.ts';
import { isQmpError } from './qmp-error.ts';
import { Obstacle } from './refusal.ts';
import { type RunState, statusOf } from './run-state.ts';

const RUN_QEMU = 'run its QEMU with -S, and again when it has ended, as a service manager does';

/** Where a VM's QEMU is found. */
export interface QemuPlace {
  readonly socket: string;
  readonly pidFile: string | undefined;
}

/** One VM in its QEMU. Each call rejects with what stood against it, and the VM is then as it was. */
export class QemuVm {
  readonly #name: string;
  readonly #place: QemuPlace;
  readonly #options: QemuOptions;
  readonly #files: MachineFiles;
  readonly #log: Log;
  readonly #monitor: Monitor;
  readonly #quota: CpuQuota;
  /** Where it has gone, as long as no VM runs in the QEMU that it left. */
  #destination: string | undefined;
  /** It was asked to come, and has neither come nor been dismissed. */
  #isExpected = false;

  constructor(name: string, place: QemuPlace, options: QemuOptions, clock: Clock, log: Log, files: MachineFiles) {
    this.#name = name;
    this.#place = place;
    this.#options = options;
    this.#files = files;
    this.#log = log;
    this.#monitor = new Monitor(name, place.socket, options, clock, log);
    this.#quota = new CpuQuota(name, files);
  }

  async status(): Promise<VmStatus> {
    return (await this.#look()).status;
  }

  async start(): Promise<void> {
    const limit = new Deadline(this.#options.startMs);
    let seen = await this.#look();
    // Whoever runs QEMU may be about to, as after the end of the one before.
    while (seen.state === 'absent' && seen.status === 'stopped' && !limit.isOver) {
      await this.#monitor.changed(this.#options.migration.pollMs);
      seen = await this.#look();
    }
    limit.stop();
    if (seen.status === 'running') return;
    if (seen.status !== 'stopped') throw new Obstacle(`it is ${seen.status}`);
    if (seen.state === 'absent') throw new Obstacle(`nobody listens on ${this.#place.socket}`, RUN_QEMU);
    if (seen.state === 'inmigrate') throw new Obstacle('its QEMU waits for it to come from another host');
    if (seen.state === 'shutdown') await this.#monitor.ask('system_reset'); // the guest has ended: boot it
    await this.#monitor.ask('cont');
  }

  async suspend(): Promise<void> {
    if (await this.#isAlready('suspended', 'running')) return;
    try {
      await this.#monitor.ask('stop');
    } catch (cause) {
      // It may have been paused without saying so.
      await this.#monitor.ask('cont').catch((error: Error) => {
        this.#log.warn(`VM ${this.#name} may be paused: ${error.message}`);
      });
      throw cause;
    }
  }

  async resume(): Promise<void> {
    if (!(await this.#isAlready('running', 'suspended'))) await this.#monitor.ask('cont');
  }

  async stop(): Promise<void> {
    const { state, status } = await this.#look();
    if (status === 'migrating') throw new Obstacle('it is migrating');
    if (status === 'migrated' && state !== 'postmigrate') return; // there is nothing left of it here
    if (state !== 'absent') await this.#monitor.quit();
    await this.#quota.lift(undefined);
  }

  async throttle(fraction: number): Promise<void> {
    if (!(fraction > 0 && fraction <= 1)) throw new Obstacle(`${fraction} is not a fraction above 0 and up to 1`);
    const { status } = await this.#look();
    if (status !== 'running' && status !== 'suspended') throw new Obstacle(`it is ${status}`);
    const pid = await this.#pid();
    if (fraction === 1) {
      await this.#quota.lift(pid);
      return;
    }
    const processors = await this.#monitor.ask('query-cpus-fast');
    if (!Array.isArray(processors) || processors.length === 0) throw new Obstacle('QEMU names no virtual processor');
    await this.#quota.set(pid, fraction, processors.length);
  }

  async migrate(destination: string, steps: MigrationSteps | undefined): Promise<void> {
    // QEMU would run the rest of "exec:" as a command of the host.
    if (!/^(tcp|unix):./.test(destination))
      throw new Obstacle(`"${destination}" is neither tcp:HOST:PORT nor unix:PATH`);
    const { status } = await this.#look();
    if (status === 'migrated' && destination === this.#destination) return;
    if (status !== 'running' && status !== 'suspended') throw new Obstacle(`it is ${status}`);
    const result = await sendTo(destination, this.#monitor, this.#options.migration, steps);
    this.#destination = destination;
    // From here on nothing can be rejected: the VM runs elsewhere. What is left here must never run again.
    await this.#afterwards('end the QEMU that it left', this.#monitor.quit());
    await this.#afterwards('remove its CPU limit', this.#quota.lift(undefined));
    await this.#afterwards(
      'tell how long it took',
      Promise.resolve().then(() => steps?.took?.(result)),
    );
  }

  async receive(): Promise<string> {
    const { listen } = this.#options.migration;
    if (listen === undefined) throw new Obstacle('no VM comes here', 'say in migration.listen where they come to');
    const address = await listenFor(listen.replaceAll('{vm}', this.#name), this.#monitor, this.#options.migration);
    this.#isExpected = true;
    return address;
  }

  async arrived(): Promise<void> {
    await awaitArrival(this.#monitor, this.#options.migration);
    this.#isExpected = false;
    this.#destination = undefined;
  }

  async dismiss(): Promise<void> {
    const { state } = await this.#look().catch((error: unknown) => {
      if (!isQmpError(error, 'ended')) throw error;
      return this.#look(); // a QEMU whose source is gone ends, perhaps while it is being asked
    });
    if (state === 'running') throw new Obstacle('it has come, and runs');
    // What a QEMU has of a VM that did not come is nobody's: it cannot be told to forget it and wait for another.
    if (state === 'inmigrate' || (this.#isExpected && state !== 'absent')) await this.#monitor.quit();
    this.#isExpected = false;
  }

  async close(): Promise<void> {
    await this.#afterwards('remove its CPU limit', this.#quota.lift(undefined));
    await this.#monitor.close();
  }

  /** How it is, from QEMU. */
  async #look(): Promise<{ readonly state: RunState; readonly status: VmStatus }> {
    let state = await this.#monitor.runState();
    let migration: string | undefined;
    if (state !== 'absent') {
      const info = await this.#monitor.migration().catch((error: unknown) => {
        if (!isQmpError(error, 'absent')) throw error;
        state = 'absent'; // it has ended in between
        return undefined;
      });
      migration = info?.status;
    }
    const status = statusOf(state, migration);
    if (status === 'stopped' && this.#destination !== undefined) return { state, status: 'migrated' };
    if (status === 'running' || status === 'suspended') this.#destination = undefined;
    return { state, status };
  }

  /** False when it is in the state from which it is to go there. */
  async #isAlready(wanted: VmStatus, from: VmStatus): Promise<boolean> {
    const { status } = await this.#look();
    if (status !== wanted && status !== from) throw new Obstacle(`it is ${status}`);
    return status === wanted;
  }

  async #pid(): Promise<number> {
    const { socket, pidFile } = this.#place;
    return listenerOn(socket, this.#files, pidFile === undefined ? undefined : await pidIn(pidFile, this.#files));
  }

  async #afterwards(what: string, work: Promise<unknown>): Promise<void> {
    await work.catch((error: Error) => this.#log.warn(`could not ${what} for VM ${this.#name}: ${error.message}`));
  }
}
