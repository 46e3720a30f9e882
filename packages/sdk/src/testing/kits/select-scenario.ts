import type { Random } from '../../clock.ts';
import type { TestVm } from '../tables.ts';
import { drawInt, drawList, drawOne, drawSpeeds, drawVms, tellBytes, tellRate } from './draw.ts';
import { shorter, withAt } from './shrink.ts';

/** One batch for a load distribution, and the NICs as they are at that moment. */
interface SelectStep {
  readonly available: readonly number[];
  readonly pendingBytes: readonly number[];
  readonly vm: number;
  readonly bytes: readonly number[];
}

export interface SelectScenario {
  readonly speedsBps: readonly number[];
  readonly vms: readonly TestVm[];
  readonly steps: readonly SelectStep[];
}

export interface SelectBounds {
  readonly nicCounts: readonly number[];
  readonly frameCounts: readonly number[];
  readonly frameBytes: readonly number[];
  /** Whether NICs leave and return between batches. */
  readonly changing: boolean;
}

export const USUAL: SelectBounds = {
  nicCounts: [1, 2, 3, 4, 8],
  frameCounts: [1, 2, 7, 32],
  frameBytes: [60, 64, 590, 1514],
  changing: false,
};

export function drawSelect(random: Random, bounds: SelectBounds): SelectScenario {
  const nicCount = drawOne(random, bounds.nicCounts);
  const vms = drawVms(random, drawInt(random, 1, 6));
  const first = drawAvailable(random, nicCount);
  const steps = drawList(random, drawInt(random, 1, 12), () => ({
    available: bounds.changing ? drawAvailable(random, nicCount) : first,
    pendingBytes: drawList(random, nicCount, () => drawOne(random, [0, 0, 64, 3000, 1e6])),
    vm: drawInt(random, 0, vms.length - 1),
    bytes: drawList(random, drawOne(random, bounds.frameCounts), () => drawOne(random, bounds.frameBytes)),
  }));
  return { speedsBps: drawSpeeds(random, nicCount), vms, steps };
}

function drawAvailable(random: Random, nicCount: number): number[] {
  const all = Array.from({ length: nicCount }, (_, nic) => nic);
  const some = all.filter(() => random.next() < 0.6);
  return some.length > 0 ? some : [drawOne(random, all)];
}

/** Whether every batch has another NIC than this. */
function isSpare(nic: number, { steps }: SelectScenario): boolean {
  return steps.every((step) => step.available.some((other) => other !== nic));
}

function withoutNic(gone: number, { speedsBps, vms, steps }: SelectScenario): SelectScenario {
  const stays = (_: number, nic: number): boolean => nic !== gone;
  return {
    vms,
    speedsBps: speedsBps.filter(stays),
    steps: steps.map((step) => ({
      ...step,
      available: step.available.filter((nic) => nic !== gone).map((nic) => (nic > gone ? nic - 1 : nic)),
      pendingBytes: step.pendingBytes.filter(stays),
    })),
  };
}

export function* simplerSelect(scenario: SelectScenario): Iterable<SelectScenario> {
  const { speedsBps, steps, vms } = scenario;
  for (const fewer of shorter(steps, 1)) yield { ...scenario, steps: fewer };
  for (const nic of speedsBps.keys()) if (isSpare(nic, scenario)) yield withoutNic(nic, scenario);
  if (steps.every((step) => step.vm < vms.length - 1)) yield { ...scenario, vms: vms.slice(0, -1) };
  for (const [i, step] of steps.entries()) {
    const replaced = (by: SelectStep): SelectScenario => ({ ...scenario, steps: withAt(steps, i, by) });
    for (const bytes of shorter(step.bytes, 1)) yield replaced({ ...step, bytes });
    for (const available of shorter(step.available, 1)) yield replaced({ ...step, available });
    if (step.bytes.some((bytes) => bytes !== 64)) yield replaced({ ...step, bytes: step.bytes.map(() => 64) });
    if (step.pendingBytes.some((bytes) => bytes > 0))
      yield replaced({ ...step, pendingBytes: step.pendingBytes.map(() => 0) });
    if (step.vm > 0) yield replaced({ ...step, vm: 0 });
  }
  if (speedsBps.some((speedBps) => speedBps !== 1e9)) yield { ...scenario, speedsBps: speedsBps.map(() => 1e9) };
}

export function tellSelect({ speedsBps, vms, steps }: SelectScenario): string {
  const lines = [
    `  NICs ${speedsBps.map((speedBps, nic) => `nic${nic} ${tellRate(speedBps)}`).join(', ')}; ${vms.length} VMs`,
  ];
  for (const [i, { available, pendingBytes, vm, bytes }] of steps.entries()) {
    const pending = pendingBytes.some((load) => load > 0) ? `, pending bytes ${pendingBytes.join(' ')}` : '';
    lines.push(
      `  batch ${i}: of vm${vm}, frames of ${tellBytes(bytes)} bytes; available NICs ${available.join(' ')}${pending}`,
    );
  }
  return lines.join('\n');
}
