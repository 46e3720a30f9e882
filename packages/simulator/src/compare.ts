import type { SimulationResult, VmResult } from './result.ts';

/**
 * One figure of several results.
 *
 * @example
 * ```ts
 * import { type ComparedFigure, figureText } from '@fairlead/simulator';
 *
 * const line = ({ subject, name, unit, values }: ComparedFigure) =>
 *   `${subject} ${name}: ${values.map((value) => figureText(value, unit)).join(', ')}`;
 * ```
 */
export interface ComparedFigure {
  /** What it is of, as `web` or `NIC uplink0`. */
  readonly subject: string;
  /** Which figure, as `throughput`. */
  readonly name: string;
  /** What its values are in; a part is from 0 to 1. */
  readonly unit: 'bps' | 'us' | 'frames' | 'part';
  /** Of each result, in their order; undefined where it has no such VM or NIC. */
  readonly values: readonly (number | undefined)[];
}

/**
 * How a VM's figures are called: what it receives, or sends to another VM, is told apart.
 *
 * @example
 * ```ts
 * import { labelOf } from '@fairlead/simulator';
 *
 * labelOf({ name: 'web', direction: 'in' }); // web (in)
 * ```
 */
export function labelOf({ name, direction }: Pick<VmResult, 'name' | 'direction'>): string {
  return direction === 'out' ? name : `${name} (${direction})`;
}

/**
 * Puts results side by side: the figures of each VM and NIC that any of them has.
 *
 * @example
 * ```ts
 * import { compareResults, type SimulationResult } from '@fairlead/simulator';
 *
 * function show(before: SimulationResult, after: SimulationResult): void {
 *   for (const { subject, name, values } of compareResults([before, after])) console.log(subject, name, ...values);
 * }
 * ```
 */
export function compareResults(results: readonly SimulationResult[]): ComparedFigure[] {
  const labels = [...new Set(results.flatMap(({ vms }) => vms.map(labelOf)))];
  const ofVms = labels.flatMap((subject): ComparedFigure[] => {
    const vms = results.map((result) => result.vms.find((vm) => labelOf(vm) === subject));
    const lost = (vm: VmResult | undefined): number | undefined => vm && vm.lostFrames + vm.guestLostFrames;
    return [
      { subject, name: 'throughput', unit: 'bps', values: vms.map((vm) => vm?.throughputBps) },
      { subject, name: 'latency p50', unit: 'us', values: vms.map((vm) => vm?.latency.p50Us) },
      { subject, name: 'latency p99', unit: 'us', values: vms.map((vm) => vm?.latency.p99Us) },
      { subject, name: 'lost', unit: 'frames', values: vms.map(lost) },
    ];
  });
  const names = [...new Set(results.flatMap(({ nics }) => nics.map(({ name }) => name)))];
  const ofNics = names.map((name): ComparedFigure => {
    const values = results.map(({ nics }) => nics.find((nic) => nic.name === name)?.load);
    return { subject: `NIC ${name}`, name: 'load', unit: 'part', values };
  });
  return [...ofVms, ...ofNics];
}

/**
 * The change from one value to another as a percentage; empty where there is none to tell.
 *
 * @example
 * ```ts
 * import { changeBetween } from '@fairlead/simulator';
 *
 * changeBetween(20e6, 22.4e6); // +12%
 * ```
 */
export function changeBetween(from: number | undefined, to: number | undefined): string {
  if (from === undefined || to === undefined || from === 0 || from === to) return '';
  const change = (to / from - 1) * 100;
  return `${change > 0 ? '+' : ''}${change.toFixed(Math.abs(change) < 10 ? 1 : 0)}%`;
}
