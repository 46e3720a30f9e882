import type { Random } from '../../clock.ts';
import type { TestVm } from '../tables.ts';
import { drawInt, drawList, drawOne, drawVms, tellBytes, tellRate } from './draw.ts';
import { shorter, withAt } from './shrink.ts';

type AdmissionVm = Required<Pick<TestVm, 'reservationBps' | 'limitBps' | 'burstBytes' | 'shares' | 'priority'>>;

/** Two full frames: less would keep a full frame from ever fitting after a smaller one. */
const LEAST_BURST_BYTES = 3028;

/** VMs with frames in their rings, and the times at which the host sweeps over them. */
export interface AdmissionScenario {
  readonly speedsBps: readonly number[];
  readonly vms: readonly AdmissionVm[];
  /** Frame lengths in each VM's ring at the start. */
  readonly rings: readonly (readonly number[])[];
  /** Time from sweep to sweep, used again and again. */
  readonly sweepsUs: readonly number[];
}

export interface AdmissionBounds {
  readonly vmCount: readonly [low: number, high: number];
  readonly limitsBps: readonly number[];
  readonly sweepsUs: readonly number[];
}

export const HOUR_US = 3600e6;

export const LIMITED: AdmissionBounds = {
  vmCount: [1, 4],
  limitsBps: [10e6, 100e6, 1e9, Number.POSITIVE_INFINITY],
  sweepsUs: [10, 50, 100],
};

export function drawAdmission(random: Random, bounds: AdmissionBounds): AdmissionScenario {
  const vms = drawVms(random, drawInt(random, ...bounds.vmCount)).map((vm) => ({
    ...vm,
    reservationBps: Math.min(vm.reservationBps, 100e6),
    limitBps: drawOne(random, bounds.limitsBps),
    burstBytes: drawOne(random, [LEAST_BURST_BYTES, 15140, 65536]),
  }));
  return {
    speedsBps: drawList(random, drawInt(random, 1, 3), () => drawOne(random, [1e9, 10e9])),
    vms,
    rings: vms.map(() => drawList(random, drawInt(random, 1, 60), () => drawOne(random, [60, 64, 590, 1514]))),
    sweepsUs: drawList(random, drawInt(random, 1, 4), () => drawOne(random, bounds.sweepsUs)),
  };
}

export function* simplerAdmission(scenario: AdmissionScenario): Iterable<AdmissionScenario> {
  const { speedsBps, vms, rings, sweepsUs } = scenario;
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
  for (const fewer of shorter(speedsBps, 1)) yield { ...scenario, speedsBps: fewer };
  for (const [i, vm] of vms.entries()) {
    if (vm.burstBytes > LEAST_BURST_BYTES) {
      yield { ...scenario, vms: withAt(vms, i, { ...vm, burstBytes: LEAST_BURST_BYTES }) };
    }
    if (vm.shares !== 1 || vm.priority > 0 || vm.reservationBps > 0) {
      yield { ...scenario, vms: withAt(vms, i, { ...vm, shares: 1, priority: 0, reservationBps: 0 }) };
    }
  }
}

export function tellAdmission({ speedsBps, vms, rings, sweepsUs }: AdmissionScenario): string {
  const lines = [`  NICs ${speedsBps.map((speedBps, nic) => `nic${nic} ${tellRate(speedBps)}`).join(', ')}`];
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
  lines.push(`  sweeps every ${sweepsUs.join(', ')} us`);
  return lines.join('\n');
}
