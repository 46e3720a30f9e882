import { isFairleadError } from '../../errors.ts';
import type { Hypervisor, VmRef } from '../../points/hypervisor.ts';
import type { VmModel } from './hypervisor-scenario.ts';

/** One instance, its VMs, and what state each should be in. */
export interface Rig {
  readonly hypervisor: Hypervisor;
  readonly vms: readonly VmRef[];
  readonly model: VmModel[];
  close(): Promise<void>;
}

/** What is wrong with the status of a VM. */
export async function wrongStatus(rig: Rig, vm: number, when: string): Promise<string | undefined> {
  const status = await rig.hypervisor.status(rig.vms[vm]);
  return status === rig.model[vm].status
    ? undefined
    : `after ${when}, the status of ${rig.vms[vm].name} is ${status}; it should be ${rig.model[vm].status}`;
}

/** How a call went: `succeeded`, `refused` as it should be, or otherwise. */
export async function answerOf(ask: () => Promise<unknown>): Promise<string> {
  try {
    await ask();
    return 'succeeded';
  } catch (error) {
    return isFairleadError(error) ? 'refused' : `rejected with no FairleadError: ${String(error)}`;
  }
}

/** What is wrong with a call that should be refused and leave the VM as it was. */
export async function refuses(
  rig: Rig,
  vm: number,
  what: string,
  ask: () => Promise<unknown>,
): Promise<string | undefined> {
  const before = await rig.hypervisor.status(rig.vms[vm]);
  const answer = await answerOf(ask);
  if (answer !== 'refused') return `${what} of a VM that is ${rig.model[vm].status} ${answer}`;
  const status = await rig.hypervisor.status(rig.vms[vm]);
  return status === before ? undefined : `a refused ${what} made a VM that was ${before} ${status}`;
}
