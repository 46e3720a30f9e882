import { FairleadError, type Hypervisor, VmRunState, type VmTable } from '@fairlead/sdk';
import {
  type HeldVm,
  HypervisorCalls,
  type HypervisorPlan,
  refusedBy,
  STATES,
  type VmState,
} from './hypervisor-calls.ts';
import type { VmInfo } from './vm-info.ts';
import { nowhere, type VmOwners } from './vm-owners.ts';

export type { VmState } from './hypervisor-calls.ts';
export type { VmInfo } from './vm-info.ts';

/** What the manager does to the rest of the host when a VM's state changes. */
export interface VmEffects {
  /** The VM's virtual NIC takes and gives frames, or does not. */
  setRunning(vm: number, running: boolean): void;
  changed(vm: number, state: VmState): void;
}

/** The virtual NIC alone is stopped and started, which takes no time. */
const NO_HYPERVISOR: HypervisorPlan = { name: 'none', where: 'hypervisor', budget: { controlMs: 1000 } };

/** From which states an operation may begin, and where it leads. */
const MOVES = {
  start: { from: ['stopped'], to: VmRunState.Running },
  suspend: { from: ['running', 'suspended'], to: VmRunState.Suspended },
  resume: { from: ['suspended', 'running'], to: VmRunState.Running },
  stop: { from: ['running', 'suspended', 'stopped'], to: VmRunState.Stopped },
} as const satisfies Record<string, { from: readonly VmState[]; to: VmRunState }>;

/**
 * Controls the VMs' operation: start, suspend, resume, migrate, stop. Operations on one VM run one after the other;
 * the hypervisor does the work, and the VM's row says what came of it. Frames that a VM handed over before it was
 * suspended or stopped are still sent. Without a hypervisor the virtual NIC alone is stopped and started.
 *
 * @example
 * ```ts
 * import type { Host, VmInfo, VmManager, VmState } from '@fairlead/core';
 *
 * async function rest(host: Host): Promise<VmState> {
 *   const vms: VmManager = host.vms;
 *   await vms.suspend('web');
 *   const { state, backlogFrames }: VmInfo = vms.status('web');
 *   console.log(`${backlogFrames} frames wait for it to go on`);
 *   return state; // suspended
 * }
 * ```
 */
export class VmManager {
  readonly #table: VmTable;
  readonly #hypervisor: Hypervisor | undefined;
  readonly #effects: VmEffects;
  readonly #calls: HypervisorCalls;
  #owners: VmOwners | undefined;
  readonly #pending = new Map<number, Promise<unknown>>();
  readonly #rows: ReadonlyMap<string, number>;
  /** VMs that an operator has suspended: only he lets them go on. */
  readonly #byHand = new Set<number>();
  /** Fractions of CPU time that an operator has left to VMs. */
  readonly #throttled = new Map<number, number>();

  constructor(
    table: VmTable,
    hypervisor: Hypervisor | undefined,
    effects: VmEffects,
    plan: HypervisorPlan = NO_HYPERVISOR,
  ) {
    this.#calls = new HypervisorCalls(hypervisor, plan);
    this.#table = table;
    this.#rows = new Map(table.names.map((name, vm) => [name, vm]));
    this.#hypervisor = hypervisor;
    this.#effects = effects;
  }

  /**
   * The number of a VM.
   *
   * @throws FairleadError `FAIRLEAD_ERR_UNKNOWN_VM` for a name that no VM has.
   */
  index(name: string): number {
    const vm = this.#rows.get(name);
    if (vm !== undefined) return vm;
    throw new FairleadError('FAIRLEAD_ERR_UNKNOWN_VM', `there is no VM "${name}"`, {
      mend: 'use a name from the configuration',
    });
  }

  /** Starts a VM that is stopped. */
  start(name: string): Promise<void> {
    return this.#move(name, 'start');
  }

  /** Pauses a VM. One that is suspended already stays so. */
  suspend(name: string, by: 'operator' | 'responder' = 'operator'): Promise<void> {
    if (by === 'operator') this.#byHand.add(this.index(name));
    return this.#move(name, 'suspend');
  }

  /** Lets a suspended VM go on; its waiting frames are sent. */
  resume(name: string, by: 'operator' | 'responder' = 'operator'): Promise<void> {
    if (by === 'operator') this.#byHand.delete(this.index(name));
    return this.#move(name, 'resume');
  }

  /** True when an operator has suspended it, and no responder may resume it. */
  suspendedByHand(vm: number): boolean {
    return this.#byHand.has(vm);
  }

  /** The fraction of CPU time that an operator has left to a VM; no responder may raise it. */
  throttledByHand(vm: number): number {
    return this.#throttled.get(vm) ?? 1;
  }

  /** Ends a VM. */
  stop(name: string): Promise<void> {
    this.#byHand.delete(this.index(name));
    this.#throttled.delete(this.index(name));
    return this.#move(name, 'stop');
  }

  #move(name: string, operation: keyof typeof MOVES): Promise<void> {
    const vm = this.index(name);
    const { from, to } = MOVES[operation];
    return this.#inTurn(vm, async () => {
      this.#demand(vm, operation, from);
      if (operation === 'start' && this.#owners !== undefined) await this.#owners.take(name);
      try {
        await this.#ask(vm, operation, async () => this.#hypervisor?.[operation]({ index: vm, name }));
        this.#set(vm, to);
      } finally {
        if (this.#table.runState[vm] === VmRunState.Stopped) this.#owners?.giveUp(name);
      }
    });
  }

  /** There are other hosts that may have a VM: who is none of this host's is a stranger to it. Called before the start. */
  shareWith(owners: VmOwners): void {
    this.#owners = owners;
    this.#table.away.fill(1);
  }

  /** Has all that is done to a VM wait while somebody else does something to it, as a migration. */
  hold<T>(name: string, work: (held: HeldVm) => Promise<T>): Promise<T> {
    const vm = this.index(name);
    return this.#inTurn(vm, () =>
      work({
        ref: { index: vm, name },
        calls: this.#calls,
        state: () => this.state(vm),
        set: (state) => this.#set(vm, state),
        setAway: (away) => {
          this.#table.away[vm] = Number(away);
        },
        byHand: this.#byHand.has(vm),
        holdByHand: () => void this.#byHand.add(vm),
      }),
    );
  }

  /**
   * Moves a VM to another host. With a registry the destination is the name of a host, and the one that suits best when
   * it is left out. Without one it is what the hypervisor is told; the virtual NIC takes no more frames, those it had
   * handed over are sent from here, and if the hypervisor fails, the VM is in the state that it reports.
   * @throws FairleadError `FAIRLEAD_ERR_MIGRATION`, `FAIRLEAD_ERR_VM_STATE` or `FAIRLEAD_ERR_HYPERVISOR`.
   */
  async migrate(name: string, destination?: string): Promise<void> {
    const vm = this.index(name);
    if (this.#owners !== undefined) return this.#owners.migrate(name, destination);
    if (destination === undefined) throw nowhere(name);
    return this.#inTurn(vm, async () => {
      this.#demand(vm, 'migrate', ['running', 'suspended']);
      const hypervisor = this.#hypervisor;
      if (hypervisor === undefined) throw noHypervisor('migrate');
      this.#set(vm, VmRunState.Migrating);
      await this.#ask(vm, 'migrate', () => hypervisor.migrate({ index: vm, name }, destination));
      this.#set(vm, VmRunState.Migrated);
    });
  }

  /**
   * Cuts a VM's CPU time to a fraction in (0, 1]; 1 lifts it.
   * @throws FairleadError `FAIRLEAD_ERR_CONFIG_INVALID` for any other number.
   */
  throttle(name: string, fraction: number, by: 'operator' | 'responder' = 'operator'): Promise<void> {
    const vm = this.index(name);
    if (!(fraction > 0 && fraction <= 1)) {
      throw new FairleadError('FAIRLEAD_ERR_CONFIG_INVALID', `${fraction} is no fraction of a VM's CPU time`, {
        where: `throttle of VM ${name}`,
        mend: 'write a number above 0 and at most 1',
      });
    }
    return this.#inTurn(vm, async () => {
      this.#demand(vm, 'throttle', ['running', 'suspended']);
      const hypervisor = this.#hypervisor;
      if (hypervisor === undefined) throw noHypervisor('throttle');
      await this.#ask(vm, 'throttle', () => hypervisor.throttle({ index: vm, name }, fraction));
      if (by === 'operator') this.#throttled.set(vm, fraction);
    });
  }

  #inTurn<T>(vm: number, work: () => Promise<T>): Promise<T> {
    const before = this.#pending.get(vm) ?? Promise.resolve();
    const done = before.then(work, work);
    this.#pending.set(
      vm,
      done.catch(() => undefined),
    );
    return done;
  }

  #demand(vm: number, operation: string, from: readonly VmState[]): void {
    const state = this.state(vm);
    if (from.includes(state)) return;
    throw new FairleadError(
      'FAIRLEAD_ERR_VM_STATE',
      `VM "${this.#table.names[vm]}" is ${state}; it cannot ${operation}`,
      { mend: `${operation} needs a VM that is ${from.join(' or ')}` },
    );
  }

  async #ask(vm: number, operation: string, call: () => Promise<void>): Promise<void> {
    try {
      await this.#calls.bounded(operation, call);
    } catch (cause) {
      await this.#reconcile(vm);
      throw refusedBy(operation, this.#table.names[vm] as string, this.state(vm), cause);
    }
  }

  /** After a failure the hypervisor knows how the VM is; when it does not answer either, the VM is taken to run on. */
  async #reconcile(vm: number): Promise<void> {
    const status = await this.#calls.status({ index: vm, name: this.#table.names[vm] as string });
    if (status !== undefined) this.#set(vm, STATES.indexOf(status) as VmRunState);
    else if (this.#table.runState[vm] === VmRunState.Migrating) this.#set(vm, VmRunState.Running);
  }

  #set(vm: number, state: VmRunState): void {
    if (this.#table.runState[vm] === state) return;
    this.#table.runState[vm] = state;
    if (state !== VmRunState.Migrating) this.#table.away[vm] = Number(this.#isAway(state));
    this.#effects.setRunning(vm, state === VmRunState.Running);
    this.#effects.changed(vm, this.state(vm));
  }

  /** Among several hosts a VM that does not run may be started on any of them. */
  #isAway(state: VmRunState): boolean {
    return state === VmRunState.Migrated || (state === VmRunState.Stopped && this.#owners !== undefined);
  }

  /** What the VM with a number is doing. */
  state(vm: number): VmState {
    return STATES[this.#table.runState[vm]] ?? 'stopped';
  }

  /** How a VM is now. */
  status(name: string): VmInfo {
    const index = this.index(name);
    const table = this.#table;
    return {
      name,
      index,
      state: this.state(index),
      backlogFrames: table.backlogFrames[index],
      acceptedFrames: table.acceptedFrames[index],
      transmittedFrames: table.transmittedFrames[index],
      transmittedBytes: table.transmittedBytes[index],
      rxFrames: table.rxFrames[index],
      rxBytes: table.rxBytes[index],
    };
  }

  /** How every VM is now, by VM number. */
  list(): VmInfo[] {
    return this.#table.names.map((name) => this.status(name));
  }
}

function noHypervisor(what: string): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_HYPERVISOR', `there is no hypervisor to ${what} with`, {
    where: 'hypervisor',
    mend: 'configure one, as hypervisor: { use: simulated }',
  });
}
