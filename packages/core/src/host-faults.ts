import { FairleadError, isFairleadError } from '@fairlead/sdk';
import type { HostFault } from './host-events.ts';
import type { RowNames } from './memory/arena.ts';
import { faultError, type PluginFault } from './path/plugin-failure.ts';
import type { PluginPlan } from './plan.ts';
import { inTime } from './plugins/control-call.ts';

/** Puts what is known of a failure into the words of the host: names for numbers, and who serves now. */
export class HostFaults {
  readonly #names: RowNames;
  readonly #tell: (fault: HostFault) => void;

  constructor(names: RowNames, tell: (fault: HostFault) => void) {
    this.#names = names;
    this.#tell = tell;
  }

  /** A plugin of the data path has failed on a worker. */
  path(fault: PluginFault, worker: number): void {
    const { plugin, hook, vm, ofNic = false, fail, fallback, error, input, cost } = fault;
    const { nics, vms } = this.#names;
    this.#tell({
      plugin,
      hook,
      code: error.code,
      message: error.message,
      vm: ofNic || vm < 0 ? '' : (vms[vm] ?? String(vm)),
      nic: ofNic ? (nics[vm] ?? String(vm)) : '',
      worker,
      fail,
      fallback,
      input,
      cost,
    });
  }

  /** A plugin of the host's own thread has failed, or has not answered. */
  control({ name, fail }: Pick<PluginPlan, 'name' | 'fail'>, hook: string, cause: unknown, vm = -1): void {
    const error = isFairleadError(cause) ? cause : faultError(name, hook, 'nobody serves in its place', cause);
    this.path({ plugin: name, hook, vm, fallback: 'nobody', fail, error, brief: error.what }, -1);
  }

  /** Closes a plugin, within its budget. That it cannot be closed is told, and stops nothing. */
  async closing(plan: PluginPlan, close: () => Promise<void> | undefined): Promise<void> {
    const { name, where, budget } = plan;
    try {
      await inTime(close, { plugin: name, hook: 'close', where, limitMs: budget.controlMs });
    } catch (cause) {
      this.control({ name, fail: 'closed' }, 'close', cause);
    }
  }
}

/** Why a host has stopped itself. */
export function hostStopped({ plugin, hook, message }: HostFault): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_HOST_STOPPED', `the host has stopped: ${message}`, {
    where: `${plugin}.${hook}`,
    mend: 'mend the plugin and start the host again, or give it another failure mode than stop',
  });
}
