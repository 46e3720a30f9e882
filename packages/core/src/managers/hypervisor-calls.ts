import {
  FairleadError,
  type Hypervisor,
  isFairleadError,
  type VmRef,
  type VmRunState,
  type VmStatus,
} from '@fairlead/sdk';
import type { PluginPlan } from '../plan.ts';
import { inTime } from '../plugins/control-call.ts';

/** What a VM is doing; `migrated`: it runs on another host. */
export type VmState = 'stopped' | 'running' | 'suspended' | 'migrating' | 'migrated';
/** By `VmRunState`. */
export const STATES: readonly VmState[] = ['stopped', 'running', 'suspended', 'migrating', 'migrated'];

/** What is to be known of the hypervisor that is asked. */
export type HypervisorPlan = Pick<PluginPlan, 'name' | 'where' | 'budget'>;

/** A VM to which nothing else is done meanwhile. */
export interface HeldVm {
  readonly ref: VmRef;
  readonly calls: HypervisorCalls;
  /** An operator has suspended it. */
  readonly byHand: boolean;
  /** Only an operator lets it go on. */
  holdByHand(): void;
  state(): VmState;
  set(state: VmRunState): void;
  /** Makes it a stranger to this host, or not, before its state says so. */
  setAway(away: boolean): void;
}

/** The calls that a host makes to its hypervisor, each bounded in time. */
export class HypervisorCalls {
  readonly hypervisor: Hypervisor | undefined;
  readonly #plan: HypervisorPlan;

  constructor(hypervisor: Hypervisor | undefined, plan: HypervisorPlan) {
    this.hypervisor = hypervisor;
    this.#plan = plan;
  }

  /** @throws FairleadError `FAIRLEAD_ERR_PLUGIN_LATE`, or what the call itself throws. */
  bounded<T>(hook: string, call: () => Promise<T>, limitMs = this.#plan.budget.controlMs): Promise<T> {
    const { name, where } = this.#plan;
    return inTime(call, { plugin: name, hook, where, limitMs });
  }

  /** How a VM is; undefined when the hypervisor does not say, or says what cannot be. */
  async status(vm: VmRef): Promise<VmState | undefined> {
    const ask = async (): Promise<VmStatus | undefined> => this.hypervisor?.status(vm);
    const status = await this.bounded('status', ask).catch(() => undefined);
    return STATES.find((state) => state === status);
  }
}

/** What a hypervisor did not do; `state`: how the VM is now. */
export function refusedBy(operation: string, vm: string, state: VmState, cause: unknown): FairleadError {
  if (isFairleadError(cause) && cause.code !== 'FAIRLEAD_ERR_PLUGIN_LATE') return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new FairleadError('FAIRLEAD_ERR_HYPERVISOR', `${operation} of VM "${vm}" failed: ${why}`, {
    where: `hypervisor.${operation}`,
    mend: `the VM is ${state}; try again when the cause is mended`,
    cause,
  });
}
