import type { Random } from '../../clock.ts';
import type { TestVm } from '../tables.ts';
import { drawInt, drawList, drawOne, drawSpeeds, drawVms, tellBytes, tellRate } from './draw.ts';
import { shorter, withAt } from './shrink.ts';

/** One batch for a load distribution, and the NICs as they are at that moment. */
interface SelectStep {
  /** Time since the batch before. */
  readonly afterUs: number;
  /** Speed of each NIC from now on. */
  readonly speedsBps: readonly number[];
  readonly available: readonly number[];
  readonly pendingBytes: readonly number[];
  readonly vm: number;
  readonly bytes: readonly number[];
}

export interface SelectScenario {
  readonly nicCount: number;
  readonly vms: readonly TestVm[];
  readonly steps: readonly SelectStep[];
  /** The byte that lies around the frames; undefined when the plugin is not to see them. */
  readonly between: number | undefined;
}

export interface SelectBounds {
  readonly nicCounts: readonly number[];
  readonly frameCounts: readonly number[];
  readonly frameBytes: readonly number[];
  /** Whether NICs leave and return between batches. */
  readonly leaving: boolean;
  /** Whether speeds change between batches. */
  readonly speeding: boolean;
  /** Times from batch to batch. */
  readonly afterUs: readonly number[];
  /** Whether the plugin may read the frames' headers. */
  readonly headers: boolean;
}

/** Between one batch and the next, unless the clock is what is tried. */
const PLAIN_AFTER_US = 10;

export const USUAL: SelectBounds = {
  nicCounts: [1, 2, 3, 4, 8],
  frameCounts: [1, 2, 7, 32],
  frameBytes: [60, 64, 590, 1514],
  leaving: false,
  speeding: false,
  afterUs: [PLAIN_AFTER_US],
  headers: false,
};

export function drawSelect(random: Random, bounds: SelectBounds): SelectScenario {
  const nicCount = drawOne(random, bounds.nicCounts);
  const vms = drawVms(random, drawInt(random, 1, 6));
  const firstAvailable = drawAvailable(random, nicCount);
  const firstSpeeds = drawSpeeds(random, nicCount);
  const steps = drawList(random, drawInt(random, 1, 12), () => ({
    afterUs: drawOne(random, bounds.afterUs),
    speedsBps: bounds.speeding ? drawSpeeds(random, nicCount) : firstSpeeds,
    available: bounds.leaving ? drawAvailable(random, nicCount) : firstAvailable,
    pendingBytes: drawList(random, nicCount, () => drawOne(random, [0, 0, 64, 3000, 1e6])),
    vm: drawInt(random, 0, vms.length - 1),
    bytes: drawList(random, drawOne(random, bounds.frameCounts), () => drawOne(random, bounds.frameBytes)),
  }));
  return { nicCount, vms, steps, between: bounds.headers ? 0 : undefined };
}

/** Some of the NICs, now and then one alone. */
function drawAvailable(random: Random, nicCount: number): number[] {
  const all = Array.from({ length: nicCount }, (_, nic) => nic);
  const some = random.next() < 0.2 ? [] : all.filter(() => random.next() < 0.6);
  return some.length > 0 ? some : [drawOne(random, all)];
}

/** Whether every batch has another NIC than this. */
function isSpare(nic: number, { steps }: SelectScenario): boolean {
  return steps.every((step) => step.available.some((other) => other !== nic));
}

function withoutNic(gone: number, { nicCount, vms, steps, between }: SelectScenario): SelectScenario {
  const stays = (_: number, nic: number): boolean => nic !== gone;
  return {
    vms,
    between,
    nicCount: nicCount - 1,
    steps: steps.map((step) => ({
      ...step,
      available: step.available.filter((nic) => nic !== gone).map((nic) => (nic > gone ? nic - 1 : nic)),
      pendingBytes: step.pendingBytes.filter(stays),
      speedsBps: step.speedsBps.filter(stays),
    })),
  };
}

export function* simplerSelect(scenario: SelectScenario): Iterable<SelectScenario> {
  const { nicCount, steps, vms } = scenario;
  for (const fewer of shorter(steps, 1)) yield { ...scenario, steps: fewer };
  for (let nic = 0; nic < nicCount; nic++) if (isSpare(nic, scenario)) yield withoutNic(nic, scenario);
  if (steps.every((step) => step.vm < vms.length - 1)) yield { ...scenario, vms: vms.slice(0, -1) };
  for (const [i, step] of steps.entries()) {
    const replaced = (by: SelectStep): SelectScenario => ({ ...scenario, steps: withAt(steps, i, by) });
    for (const bytes of shorter(step.bytes, 1)) yield replaced({ ...step, bytes });
    for (const available of shorter(step.available, 1)) yield replaced({ ...step, available });
    if (step.bytes.some((bytes) => bytes !== 64)) yield replaced({ ...step, bytes: step.bytes.map(() => 64) });
    if (step.pendingBytes.some((bytes) => bytes > 0))
      yield replaced({ ...step, pendingBytes: step.pendingBytes.map(() => 0) });
    if (step.vm > 0) yield replaced({ ...step, vm: 0 });
    if (step.afterUs !== PLAIN_AFTER_US) yield replaced({ ...step, afterUs: PLAIN_AFTER_US });
    const speedsBps = i === 0 ? Array<number>(nicCount).fill(1e9) : steps[i - 1].speedsBps;
    if (speedsBps.join() !== step.speedsBps.join()) yield replaced({ ...step, speedsBps });
  }
}

export function tellSelect({ nicCount, vms, steps }: SelectScenario): string {
  const lines = [`  ${nicCount} NICs, ${vms.length} VMs`];
  let speeds = '';
  let nowUs = 0;
  for (const [i, { afterUs, speedsBps, available, pendingBytes, vm, bytes }] of steps.entries()) {
    nowUs += afterUs;
    const facts = [`of vm${vm}`, `frames of ${tellBytes(bytes)} bytes`];
    if (afterUs !== PLAIN_AFTER_US) facts.unshift(`at ${nowUs} us`);
    facts.push(`available NICs ${available.join(' ')}`);
    const speedsNow = speedsBps.map(tellRate).join(', ');
    if (speedsNow !== speeds) facts.push(`speeds ${speedsNow}`);
    if (pendingBytes.some((load) => load > 0)) facts.push(`pending bytes ${pendingBytes.join(' ')}`);
    speeds = speedsNow;
    lines.push(`  batch ${i}: ${facts.join('; ')}`);
  }
  return lines.join('\n');
}
