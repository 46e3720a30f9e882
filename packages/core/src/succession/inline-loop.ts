import type { NicDriver } from '@fairlead/sdk';
import { Arena, type ArenaHandle } from '../memory/arena.ts';
import type { Forwarder } from '../path/forwarder.ts';
import { driverFault, type PluginFault } from '../path/plugin-failure.ts';
import type { Composition, PluginPlan } from '../plan.ts';
import type { Surroundings } from '../plugins/instantiate.ts';
import { portSecurityOf } from '../port-security.ts';
import { createStage, type StageReport } from '../runtime/stage.ts';
import type { Loops } from './exchange.ts';
import { Succession, type SuccessionAbout } from './succession.ts';

/** The one loop of the inline runtime: it is at rest whenever somebody else runs. */
export interface InlineLoop extends Loops {
  readonly forwarder: Forwarder;
}

/** What the loop tells of its plugins. */
type InlineReport = Pick<StageReport, 'fault'> &
  Pick<SuccessionAbout, 'shadowFailed'> & { driverFailed(fault: PluginFault): void };

/** Makes the loop with a view of its own of the shared memory, as a worker has it. */
export function createInlineLoop(
  handle: ArenaHandle,
  composition: Composition,
  drivers: readonly NicDriver[],
  outside: Surroundings,
  report: InlineReport,
): InlineLoop {
  const { nics, admission, distribution, config } = composition;
  const { batchFrames, sampleEvery } = config.runtime;
  const security = portSecurityOf(config);
  const plan = { worker: 0, workers: 1, batchFrames, sampleEvery, ...security, nics, admission, distribution };
  const arena = new Arena(handle, 0);
  const surroundings = { ...outside, nics: arena.nics, vms: arena.vms };
  const { forwarder, policies } = createStage(arena, plan, drivers, surroundings, {
    fault: report.fault,
    driverFailed: (nic, hook, cause) => {
      report.driverFailed(driverFault(nics[nic] as PluginPlan, nic, hook, cause));
    },
  });
  const { shadowFailed } = report;
  const succession = new Succession({ arena, worker: 0, batchFrames, policies, surroundings, shadowFailed });
  return {
    forwarder,
    // What is thrown is to be a rejection, as that of a worker is.
    order: async (order) => {
      succession.prepare(order);
      return { handedOver: succession.carryOut() ? 1 : 0, loops: 1, failed: false };
    },
  };
}
