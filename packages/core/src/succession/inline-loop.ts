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
  /** The loop runs no more: its plugins give back what they took. */
  close(): void;
}

/** What the loop tells of its plugins. */
type InlineReport = Pick<StageReport, 'fault' | 'judged' | 'detectorFailed'> &
  Pick<SuccessionAbout, 'shadowFailed'> & { driverFailed(fault: PluginFault): void };

/** Makes the loop with a view of its own of the shared memory, as a worker has it. */
export function createInlineLoop(
  handle: ArenaHandle,
  composition: Composition,
  drivers: readonly NicDriver[],
  outside: Surroundings,
  report: InlineReport,
): InlineLoop {
  const { nics, admission, distribution, config, detectors: watching } = composition;
  const { batchFrames, sampleEvery } = config.runtime;
  const security = portSecurityOf(config);
  const detectors = watching.map((plan, number) => ({ number, plan, windowMs: plan.windowMs }));
  const policies = { admission, distribution };
  const watched = { detectors, observe: config.observe };
  const plan = { worker: 0, workers: 1, batchFrames, sampleEvery, ...security, nics, ...policies, ...watched };
  const arena = new Arena(handle, 0);
  const surroundings = { ...outside, nics: arena.nics, vms: arena.vms };
  const stage = createStage(arena, plan, drivers, surroundings, {
    ...report,
    driverFailed: (nic, hook, cause) => {
      report.driverFailed(driverFault(nics[nic] as PluginPlan, nic, hook, cause));
    },
  });
  const { shadowFailed } = report;
  const about = {
    arena,
    worker: 0,
    batchFrames,
    policies: stage.policies,
    made: stage.made,
    surroundings,
    shadowFailed,
  };
  const succession = new Succession(about);
  return {
    forwarder: stage.forwarder,
    close: () => succession.close(),
    // What is thrown is to be a rejection, as that of a worker is.
    order: async (order) => {
      succession.prepare(order);
      return { handedOver: succession.carryOut() ? 1 : 0, loops: 1, failed: false };
    },
  };
}
