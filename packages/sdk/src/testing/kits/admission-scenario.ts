import type { Random } from '../../clock.ts';
import type { TestVm } from '../tables.ts';
import { drawInt, drawList, drawOne, drawVms, tellBytes, tellRate } from './draw.ts';
import { shorter, withAt } from './shrink.ts';

type AdmissionVm = Required<Pick<TestVm, 'reservationBps' | 'limitBps' | 'burstBytes' | 'shares' | 'priority'>>;

/** Two full frames: less would keep a full frame from ever fitting after a smaller one. */
const LEAST_BURST_BYTES = 3028;

/** The NICs as they are for a while: the speed of each, and which of them may be used. */
interface NicPhase {
  readonly speedsBps: readonly number[];
  readonly available: readonly number[];
}

/** VMs with frames in their rings, and the times at which the host sweeps over them. */
export interface AdmissionScenario {
  /** The NICs, as they are one time after the other. */
  readonly phases: readonly NicPhase[];
  readonly vms: readonly AdmissionVm[];
  /** Frame lengths in each VM's ring at the start. */
  readonly rings: readonly (readonly number[])[];
  /** Time from sweep to sweep, used again and again. */
  readonly sweepsUs: readonly number[];
  /** Frames in one batch, at most. */
  readonly batchFrames: number;
  /** Whether the plugin may read the frames' headers. */
  readonly headers: boolean;
}

export interface AdmissionBounds {
  readonly vmCount: readonly [low: number, high: number];
  readonly limitsBps: readonly number[];
  readonly sweepsUs: readonly number[];
  readonly batchFrames: readonly number[];
  /** Frames in a VM's ring, at most. */
  readonly ringFrames: number;
  /** How often the NICs may change. */
  readonly phases: number;
  /** Whether the plugin may read the frames' headers. */
  readonly headers: boolean;
}

export const HOUR_US = 3600e6;

export const LIMITED: AdmissionBounds = {
  vmCount: [1, 4],
  limitsBps: [10e6, 100e6, 1e9, Number.POSITIVE_INFINITY],
  sweepsUs: [10, 50, 100],
  // Small, so that a ring takes several batches.
  batchFrames: [16],
  ringFrames: 60,
  phases: 1,
  headers: false,
};

export function drawAdmission(random: Random, bounds: AdmissionBounds): AdmissionScenario {
  const vms = drawVms(random, drawInt(random, ...bounds.vmCount)).map((vm) => ({
    ...vm,
    reservationBps: Math.min(vm.reservationBps, 100e6),
    limitBps: drawOne(random, bounds.limitsBps),
    burstBytes: drawOne(random, [LEAST_BURST_BYTES, 15140, 65536]),
  }));
  const nicCount = drawInt(random, 1, 3);
  return {
    phases: drawList(random, bounds.phases, () => drawPhase(random, nicCount)).map((phase, i) =>
      i === 0 ? { ...phase, available: [...phase.speedsBps.keys()] } : phase,
    ),
    vms,
    rings: vms.map(() =>
      drawList(random, drawInt(random, 1, bounds.ringFrames), () => drawOne(random, [60, 64, 590, 1514])),
    ),
    sweepsUs: drawList(random, drawInt(random, 1, 4), () => drawOne(random, bounds.sweepsUs)),
    batchFrames: drawOne(random, bounds.batchFrames),
    headers: bounds.headers,
  };
}

/** Some of the NICs, often one alone. */
function drawPhase(random: Random, nicCount: number): NicPhase {
  const speedsBps = drawList(random, nicCount, () => drawOne(random, [1e9, 10e9]));
  const some = [...speedsBps.keys()].filter(() => random.next() < 0.5);
  return { speedsBps, available: some.length > 0 ? some : [drawInt(random, 0, nicCount - 1)] };
}

export function* simplerAdmission(scenario: AdmissionScenario): Iterable<AdmissionScenario> {
  const { phases, vms, rings, sweepsUs } = scenario;
  if (vms.length > 1) {
    for (const i of vms.keys()) {
      yield { ...scenario, vms: vms.filter((_, vm) => vm !== i), rings: rings.filter((_, vm) => vm !== i) };
    }
  }
  for (const [i, ring] of rings.entries()) {
    const alike = ring.every((bytes) => bytes === ring[0]);
    for (const frames of [...shorter(ring), ...(alike ? [] : [64, 1514].map((bytes) => ring.map(() => bytes)))]) {
      yield { ...scenario, rings: withAt(rings, i, frames) };
    }
  }
  for (const fewer of shorter(sweepsUs, 1)) yield { ...scenario, sweepsUs: fewer };
  for (const fewer of shorter(phases, 1)) yield { ...scenario, phases: fewer };
  for (const nic of phases[0].speedsBps.keys()) {
    if (phases.every(({ available }) => available.some((other) => other !== nic))) yield withoutNic(scenario, nic);
  }
  for (const [i, vm] of vms.entries()) {
    if (vm.burstBytes > LEAST_BURST_BYTES) {
      yield { ...scenario, vms: withAt(vms, i, { ...vm, burstBytes: LEAST_BURST_BYTES }) };
    }
    if (vm.shares !== 1 || vm.priority > 0 || vm.reservationBps > 0) {
      yield { ...scenario, vms: withAt(vms, i, { ...vm, shares: 1, priority: 0, reservationBps: 0 }) };
    }
  }
}

function withoutNic(scenario: AdmissionScenario, gone: number): AdmissionScenario {
  const phases = scenario.phases.map(({ speedsBps, available }) => ({
    speedsBps: speedsBps.filter((_, nic) => nic !== gone),
    available: available.filter((nic) => nic !== gone).map((nic) => (nic > gone ? nic - 1 : nic)),
  }));
  return { ...scenario, phases };
}

export function tellAdmission({ phases, vms, rings, sweepsUs, batchFrames }: AdmissionScenario): string {
  const lines = phases.map(
    ({ speedsBps, available }, i) =>
      `  ${i === 0 ? 'NICs' : 'then'} ${available.map((nic) => `nic${nic} ${tellRate(speedsBps[nic])}`).join(', ')}`,
  );
  for (const [i, vm] of vms.entries()) {
    const facts = [
      vm.limitBps === Number.POSITIVE_INFINITY
        ? 'no limit'
        : `limit ${tellRate(vm.limitBps)}, burst ${vm.burstBytes} bytes`,
      ...(vm.reservationBps > 0 ? [`reservation ${tellRate(vm.reservationBps)}`] : []),
      ...(vm.shares === 1 ? [] : [`shares ${vm.shares}`]),
      ...(vm.priority > 0 ? [`priority ${vm.priority}`] : []),
    ];
    lines.push(`  vm${i} ${facts.join(', ')}; frames of ${tellBytes(rings[i])} bytes`);
  }
  lines.push(`  sweeps every ${sweepsUs.join(', ')} us, batches of up to ${batchFrames} frames`);
  return lines.join('\n');
}
