import { Histogram } from '../measure/histogram.ts';
import type { Direction, MeterPoint } from '../measure/meter.ts';
import type { MeterPart } from './partition-result.ts';

/** What was measured of a VM, or of all other VMs of a host, by all threads together. */
export interface WholeMeter {
  /** -1: of all others of the host. */
  readonly vm: number;
  readonly host: number;
  readonly direction: Direction;
  bytes: number;
  frames: number;
  readonly latency: Histogram;
  readonly points: readonly MeterPoint[];
}

/** Puts together the parts of one VM: frames of it arrive with several threads when it sends to other hosts. */
export function joinMeters(parts: readonly MeterPart[]): WholeMeter[] {
  const groups = new Map<string, MeterPart[]>();
  for (const part of parts) {
    const key = `${part.host} ${part.vm} ${part.direction}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [part]);
    else known.push(part);
  }
  const order = ['out', 'in', 'local', 'attack'];
  return [...groups.values()]
    .map(joined)
    .sort((a, b) => a.host - b.host || a.vm - b.vm || order.indexOf(a.direction) - order.indexOf(b.direction));
}

function joined(group: readonly MeterPart[]): WholeMeter {
  const [{ vm, host, direction }] = group as [MeterPart];
  const latency = new Histogram();
  for (const part of group) latency.join(part.latency);
  const sum = (of: (part: MeterPart) => number): number => group.reduce((total, part) => total + of(part), 0);
  const bytes = sum((part) => part.bytes);
  return { vm, host, direction, bytes, frames: sum(({ frames }) => frames), latency, points: pointsOf(group) };
}

function pointsOf(group: readonly MeterPart[]): MeterPoint[] {
  const length = Math.max(...group.map(({ points }) => points.length));
  return Array.from({ length }, (_, i) => {
    const latency = new Histogram();
    for (const { intervals } of group) {
      const interval = intervals[i];
      if (interval !== undefined) latency.join(interval);
    }
    return {
      bytes: group.reduce((total, { points }) => total + (points[i]?.bytes ?? 0), 0),
      frames: latency.count,
      p50Us: latency.quantileUs(0.5),
      p99Us: latency.quantileUs(0.99),
    };
  });
}
