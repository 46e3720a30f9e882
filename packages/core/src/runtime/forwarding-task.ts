import type { ArenaHandle } from '../memory/arena.ts';
import type { Composition } from '../plan.ts';
import { portSecurityOf } from '../port-security.ts';
import type { Shadows } from './at-fault.ts';
import type { ForwardingTask } from './posted.ts';
import { posted, postedPolicy } from './posting.ts';
import type { WorkerSlot } from './worker-slot.ts';

/** All that a worker is told when it starts, or starts again: without what was put aside in the one before it. */
export function taskOf(
  slot: WorkerSlot,
  port: ForwardingTask['port'],
  arena: ArenaHandle,
  { config, nics, admission, distribution, detectors }: Composition,
  shadows: Shadows,
): ForwardingTask {
  return {
    arena,
    worker: slot.worker,
    seed: config.seed + slot.worker,
    batchFrames: config.runtime.batchFrames,
    sampleEvery: config.runtime.sampleEvery,
    ...portSecurityOf(config),
    nics: nics.map(posted),
    admission: postedPolicy(admission, slot.lines.admission),
    distribution: postedPolicy(distribution, slot.lines.distribution),
    detectors: detectors
      .map((plan, number) => ({ number, plugin: posted(plan), windowMs: plan.windowMs }))
      .filter(({ number }) => !slot.blindDetectors.has(number)),
    observe: config.observe,
    shadows: [...shadows]
      .filter(([section]) => !slot.shadowless.has(section))
      .map(([section, shadow]) => ({ section, shadow: { ...shadow, plan: posted(shadow.plan) } })),
    brokenNics: [...slot.brokenNics],
    port,
  };
}
