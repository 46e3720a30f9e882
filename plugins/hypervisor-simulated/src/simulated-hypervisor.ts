import {
  FairleadError,
  type Hypervisor,
  inject,
  Milliseconds,
  Options,
  type Static,
  Type,
  type VmRef,
  type VmStatus,
} from '@fairlead/sdk';
import { arrivalAt, registerDestination } from './destinations.ts';

/** Options of the simulated hypervisor. */
export const simulatedHypervisorOptions = Type.Object(
  {
    host: Type.Optional(
      Type.String({ minLength: 1, description: 'Name by which other hosts of this process migrate VMs here.' }),
    ),
    latencyMs: Milliseconds({ default: 0, description: 'Time that every call takes, in real time.' }),
    downtimeMs: Milliseconds({ default: 0, description: 'Time in which a migrating VM runs nowhere, in real time.' }),
  },
  { additionalProperties: false },
);

/** A call that a test can make fail or hold. */
export type HypervisorHook = 'start' | 'suspend' | 'resume' | 'stop' | 'migrate' | 'throttle' | 'status';

interface SimulatedVm {
  status: VmStatus;
  cpuFraction: number;
  destination: string | undefined;
}

/**
 * A hypervisor without VMs behind it: it keeps the state that each would have, and does as a real one would on calls
 * that do not fit it. Tests make calls fail, or hold them to look at what lies between.
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
  readonly #failures = new Map<HypervisorHook, Error[]>();
  readonly #holds = new Map<HypervisorHook, Promise<void>[]>();
  readonly #forget: (() => void) | undefined;

  constructor(@inject(Options) private readonly options: Static<typeof simulatedHypervisorOptions>) {
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
   * Moves the VM to another simulated host of this process.
   *
   * @throws FairleadError `FAIRLEAD_ERR_HYPERVISOR` when the VM does not run, is there already, or is not taken.
   */
  async migrate(vm: VmRef, destination: string): Promise<void> {
    await this.#begin('migrate', vm);
    const known = this.#vm(vm);
    if (known.status === 'migrated' && known.destination === destination) return;
    const before = known.status;
    if (before !== 'running' && before !== 'suspended') throw refusal('migrate', vm, `it is ${before}`);
    if (destination === this.options.host) throw refusal('migrate', vm, 'it is on that host already');
    known.status = 'migrating';
    try {
      await pause(this.options.downtimeMs);
      await arrivalAt(destination)?.(vm.name, before);
    } catch (cause) {
      known.status = before;
      throw refusal('migrate', vm, `${destination} did not take it`, cause);
    }
    this.#vms.set(vm.name, { status: 'migrated', cpuFraction: 1, destination });
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
    this.#forget?.();
  }

  /** The share of its CPU time that a VM has, in (0, 1]. */
  cpuFraction(vm: VmRef): number {
    return this.#vm(vm).cpuFraction;
  }

  /** Makes the next call of a hook reject without doing anything. Several calls add up. */
  failNext(hook: HypervisorHook, cause: Error = new Error('injected failure')): void {
    queueOf(this.#failures, hook).push(cause);
  }

  /** Keeps the next call of a hook from going on, or ending, until the returned function is called. */
  holdNext(hook: HypervisorHook): () => void {
    let release = (): void => {};
    queueOf(this.#holds, hook).push(new Promise((resolve) => (release = resolve)));
    return release;
  }

  /** What every call does first, before it looks at the state: takes its time, waits, fails. */
  async #begin(hook: HypervisorHook, vm: VmRef): Promise<void> {
    const failure = this.#failures.get(hook)?.shift();
    const hold = this.#holds.get(hook)?.shift();
    await pause(this.options.latencyMs);
    await hold;
    if (failure !== undefined) throw refusal(hook, vm, failure.message, failure);
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
    const here = this.#vms.get(name)?.status;
    if (here === 'running' || here === 'suspended') throw new Error(`a VM called ${name} is ${here} there already`);
    this.#vms.set(name, { status, cpuFraction: 1, destination: undefined });
  };
}

function queueOf<T>(queues: Map<HypervisorHook, T[]>, hook: HypervisorHook): T[] {
  let queue = queues.get(hook);
  if (queue === undefined) {
    queue = [];
    queues.set(hook, queue);
  }
  return queue;
}

function refusal(hook: HypervisorHook, vm: VmRef, why: string, cause?: unknown): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_HYPERVISOR', `cannot ${hook} ${vm.name}: ${why}`, {
    where: `hypervisor simulated, ${hook}`,
    mend: 'ask for its status and act on that',
    ...(cause === undefined ? {} : { cause }),
  });
}

async function pause(ms: number): Promise<void> {
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
}
