import {
  type Clock,
  FairleadError,
  type Hypervisor,
  inject,
  type Log,
  Logger,
  type MigrationResult,
  type MigrationSteps,
  Options,
  Time,
  type VmRef,
  type VmStatus,
} from '@fairlead/sdk';
import { arrivalAt, registerDestination } from './destinations.ts';
import { ExpectedVms } from './expected-vms.ts';
import { type HypervisorHook, Injections } from './injections.ts';
import type { SimulatedHypervisorOptions } from './options.ts';
import { preCopyRounds } from './pre-copy.ts';
import { waitUntil } from './wait.ts';

interface SimulatedVm {
  status: VmStatus;
  cpuFraction: number;
  destination: string | undefined;
}

/**
 * A hypervisor without VMs behind it: it keeps the state that each would have, and does as a real one would on calls
 * that do not fit it. Tests make calls fail, or hold them to look at what lies between. Time is the host's: under the
 * inline runtime it is virtual, and a call that takes some needs `host.run` and turns of the event loop.
 *
 * @example
 * ```ts
 * import simulated, { type SimulatedHypervisor } from '@fairlead/hypervisor-simulated';
 * import { createInstance } from '@fairlead/sdk/testing';
 *
 * const hypervisor = createInstance(simulated, { latencyMs: 0 }) as SimulatedHypervisor;
 * const vm = { index: 0, name: 'web' };
 * await hypervisor.start(vm);
 * hypervisor.failNext('suspend');
 * await hypervisor.suspend(vm).catch(({ code }) => console.log(code)); // FAIRLEAD_ERR_HYPERVISOR; the VM runs on
 * ```
 */
export class SimulatedHypervisor implements Hypervisor {
  /** By name: a VM that migrates has another number on each host. */
  readonly #vms = new Map<string, SimulatedVm>();
  readonly #injections = new Injections();
  readonly #expected = new ExpectedVms();
  #closed = false;
  readonly #forget: (() => void) | undefined;

  constructor(
    @inject(Options) private readonly options: SimulatedHypervisorOptions,
    @inject(Time) private readonly clock: Clock,
    @inject(Logger) private readonly log: Log,
  ) {
    if (options.host !== undefined) this.#forget = registerDestination(options.host, this.#arrive);
  }

  async start(vm: VmRef): Promise<void> {
    await this.#begin('start', vm);
    this.#change(vm, 'start', ['stopped', 'running'], 'running');
  }

  async suspend(vm: VmRef): Promise<void> {
    await this.#begin('suspend', vm);
    this.#change(vm, 'suspend', ['running', 'suspended'], 'suspended');
  }

  async resume(vm: VmRef): Promise<void> {
    await this.#begin('resume', vm);
    this.#change(vm, 'resume', ['suspended', 'running'], 'running');
  }

  async stop(vm: VmRef): Promise<void> {
    await this.#begin('stop', vm);
    const known = this.#vm(vm);
    // Here there is nothing left to stop of a VM that has gone.
    if (known.status === 'migrated') return;
    this.#change(vm, 'stop', ['stopped', 'running', 'suspended'], 'stopped');
    known.cpuFraction = 1;
  }

  /**
   * Moves the VM to another simulated host of this process: copies its memory, has it change hands while it runs nowhere,
   * and lets it run there.
   *
   * @throws FairleadError `FAIRLEAD_ERR_HYPERVISOR` when the VM does not run, is there already, writes faster than it is
   * copied, may not change hands, or is not taken.
   */
  async migrate(vm: VmRef, destination: string, steps?: MigrationSteps): Promise<void> {
    await this.#begin('migrate', vm);
    const known = this.#vm(vm);
    if (known.status === 'migrated' && known.destination === destination) return;
    const before = known.status;
    if (before !== 'running' && before !== 'suspended') throw refusal('migrate', vm, `it is ${before}`);
    if (destination === this.options.host) throw refusal('migrate', vm, 'it is on that host already');
    const startUs = this.clock.nowUs();
    let stoppedUs = 0;
    known.status = 'migrating';
    try {
      const arrive = arrivalAt(destination);
      await this.#preCopy(before === 'running', steps);
      await this.#injections.next('copy')();
      stoppedUs = this.clock.nowUs();
      await steps?.switchover();
      await this.#injections.next('switch')();
      await this.#wait(this.clock.nowUs() + this.options.downtimeMs * 1000);
      if (arrivalAt(destination) !== arrive) throw new Error('it has vanished');
      await arrive?.(vm.name, before);
    } catch (cause) {
      known.status = before;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw refusal('migrate', vm, `${destination} did not take it: ${why}`, cause);
    }
    this.#vms.set(vm.name, { status: 'migrated', cpuFraction: 1, destination });
    const endUs = this.clock.nowUs();
    this.#tell(steps, { downtimeMs: (endUs - stoppedUs) / 1000, totalMs: (endUs - startUs) / 1000 });
  }

  /** @throws FairleadError `FAIRLEAD_ERR_HYPERVISOR` when this host has no name, or the VM is here. */
  async receive(vm: VmRef): Promise<string> {
    await this.#begin('receive', vm);
    const { host } = this.options;
    if (host === undefined) throw refusal('receive', vm, 'this host has no name to migrate to');
    const { status } = this.#vm(vm);
    if (status !== 'stopped' && status !== 'migrated') throw refusal('receive', vm, `it is ${status}`);
    this.#expected.expect(vm.name);
    return host;
  }

  /** @throws FairleadError `FAIRLEAD_ERR_HYPERVISOR` when the VM was dismissed, or nobody asked it to come. */
  async arrived(vm: VmRef): Promise<void> {
    await this.#begin('arrived', vm);
    const { status } = this.#vm(vm);
    if (status === 'running' || status === 'suspended') return;
    const arrival = this.#expected.arrival(vm.name);
    if (arrival === undefined) throw refusal('arrived', vm, 'it was not asked to come');
    await arrival.catch((cause: Error) => {
      throw refusal('arrived', vm, cause.message, cause);
    });
  }

  /** @throws FairleadError `FAIRLEAD_ERR_HYPERVISOR` when the VM has come. */
  async dismiss(vm: VmRef): Promise<void> {
    await this.#begin('dismiss', vm);
    const { status } = this.#vm(vm);
    if (status === 'running' || status === 'suspended') throw refusal('dismiss', vm, `it has come, and is ${status}`);
    this.#expected.dismiss(vm.name);
  }

  /**
   * Remembers the fraction of CPU time, above 0 and up to 1.
   *
   * @throws FairleadError `FAIRLEAD_ERR_HYPERVISOR` for a fraction that is not above 0 and up to 1.
   */
  async throttle(vm: VmRef, fraction: number): Promise<void> {
    await this.#begin('throttle', vm);
    if (!(fraction > 0 && fraction <= 1))
      throw refusal('throttle', vm, `${fraction} is not a fraction above 0 and up to 1`);
    const known = this.#vm(vm);
    if (known.status !== 'running' && known.status !== 'suspended')
      throw refusal('throttle', vm, `it is ${known.status}`);
    known.cpuFraction = fraction;
  }

  async status(vm: VmRef): Promise<VmStatus> {
    await this.#begin('status', vm);
    return this.#vm(vm).status;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#forget?.();
    this.#expected.close();
  }

  /** The share of its CPU time that a VM has, in (0, 1]. */
  cpuFraction(vm: VmRef): number {
    return this.#vm(vm).cpuFraction;
  }

  /** Makes the next call of a hook reject without doing anything. Several calls add up. */
  failNext(hook: HypervisorHook, cause: Error = new Error('injected failure')): void {
    this.#injections.fail(hook, cause);
  }

  /** Keeps the next call of a hook from going on, or ending, until the returned function is called. */
  holdNext(hook: HypervisorHook): () => void {
    return this.#injections.hold(hook);
  }

  /** What every call does first, before it looks at the state: takes its time, waits, fails. */
  async #begin(hook: HypervisorHook, vm: VmRef): Promise<void> {
    const happen = this.#injections.next(hook);
    await this.#wait(this.clock.nowUs() + this.options.latencyMs * 1000).catch((failure: Error) => {
      throw refusal(hook, vm, failure.message, failure);
    });
    await happen().catch((failure: Error) => {
      throw refusal(hook, vm, failure.message, failure);
    });
  }

  #wait(dueUs: number): Promise<void> {
    return waitUntil(this.clock, dueUs, () => this.#closed);
  }

  /** Copies the VM's memory while it goes on writing to it, and tells how far it is four times a round. */
  async #preCopy(isRunning: boolean, steps: MigrationSteps | undefined): Promise<void> {
    const rounds = preCopyRounds(this.options, isRunning);
    if (rounds === undefined) throw new Error('it writes to its memory faster than that is copied');
    let dueUs = this.clock.nowUs();
    for (const { us, before } of rounds) {
      for (let quarter = 1; quarter <= 4; quarter++) {
        dueUs += us / 4;
        await this.#wait(dueUs);
        steps?.progress?.(1 - before * (1 - quarter / 4));
      }
    }
  }

  /** The VM has gone: what comes after that cannot fail the migration. */
  #tell(steps: MigrationSteps | undefined, result: MigrationResult): void {
    try {
      steps?.took?.(result);
    } catch (error) {
      this.log.warn(`nobody was told how long a migration took: ${String(error)}`);
    }
  }

  #change(vm: VmRef, hook: HypervisorHook, from: readonly VmStatus[], to: VmStatus): void {
    const known = this.#vm(vm);
    if (!from.includes(known.status)) throw refusal(hook, vm, `it is ${known.status}`);
    known.status = to;
  }

  #vm(vm: VmRef): SimulatedVm {
    let known = this.#vms.get(vm.name);
    if (known === undefined) {
      known = { status: 'stopped', cpuFraction: 1, destination: undefined };
      this.#vms.set(vm.name, known);
    }
    return known;
  }

  readonly #arrive = async (name: string, status: VmStatus): Promise<void> => {
    await this.#injections.next('arrive')();
    const here = this.#vms.get(name)?.status;
    if (here === 'running' || here === 'suspended') throw new Error(`a VM called ${name} is ${here} there already`);
    if (this.#expected.isDismissed(name)) throw new Error('it is not expected any more');
    this.#vms.set(name, { status, cpuFraction: 1, destination: undefined });
    this.#expected.come(name);
  };
}

function refusal(hook: HypervisorHook, vm: VmRef, why: string, cause?: unknown): FairleadError {
  return new FairleadError(
    'FAIRLEAD_ERR_HYPERVISOR',
    `cannot ${hook === 'arrived' ? 'await' : hook} ${vm.name}: ${why}`,
    {
      where: `hypervisor simulated, ${hook}`,
      mend: 'ask for its status and act on that',
      ...(cause === undefined ? {} : { cause }),
    },
  );
}
