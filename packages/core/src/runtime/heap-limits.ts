import type { Composition } from '../plan.ts';

const MIB = 1024 * 1024;
/** Heap for the forwarding loop, its libraries, and plugins without a budget. */
const OWN_MIB = 128;

/**
 * The heap that a worker's thread may have, when a plugin in it has a budget of memory: V8 ends a thread that exceeds it,
 * and the host replaces it. It bounds the heap, not what buffers hold outside it.
 */
export function heapLimits({ nics, admission, distribution, detectors }: Composition): {
  resourceLimits?: { maxOldGenerationSizeMb: number };
} {
  const budgets = [...nics, ...admission.chain, ...distribution.chain, ...detectors].map(
    ({ budget }) => budget.memoryBytes,
  );
  if (budgets.every((bytes) => bytes === undefined)) return {};
  const bytes = budgets.reduce<number>((sum, one) => sum + (one ?? 0), 0);
  return { resourceLimits: { maxOldGenerationSizeMb: OWN_MIB + Math.ceil(bytes / MIB) } };
}
