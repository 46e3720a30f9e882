import { type Direction, Meter } from '../measure/meter.ts';
import type { ClusterScenario } from './check.ts';
import type { MeterPart } from './partition-result.ts';

/** So many VMs are shown one by one when the scenario does not say which. */
const FEW = 64;

/** Measures the VMs that are watched one by one, and the others of a host together. */
export class ClusterMeters {
  readonly #watched: ReadonlySet<number>;
  readonly #homes: Int32Array;
  readonly #warmUp: number;
  /** By VM, or host, and direction. */
  readonly #byKey = new Map<string, Meter>();
  readonly #marked: Meter[] = [];

  constructor({ roster, watch, warmUp }: ClusterScenario) {
    const watched = watch ?? (roster.vms.length <= FEW ? roster.vms : []);
    this.#watched = new Set(watched.map((name) => roster.numberOf(name)));
    this.#homes = roster.homes;
    this.#warmUp = warmUp;
  }

  isWatched(vm: number): boolean {
    return this.#watched.has(vm);
  }

  of(vm: number, direction: Direction): Meter {
    const alone = this.#watched.has(vm);
    const key = `${direction} ${alone ? vm : `of host ${this.#homes[vm]}`}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    // Of a host as a whole the VM's number says no more than which host it is.
    const meter = new Meter(vm, direction, this.#warmUp, alone);
    this.#byKey.set(key, meter);
    if (alone) this.#marked.push(meter);
    return meter;
  }

  /** Ends an interval. */
  mark(): void {
    for (const meter of this.#marked) meter.mark();
  }

  parts(): MeterPart[] {
    return [...this.#byKey.values()].map(({ vm, direction, bytes, frames, latency, points, intervals }) => ({
      vm: this.#watched.has(vm) ? vm : -1,
      host: this.#homes[vm],
      direction,
      bytes,
      frames,
      latency: latency.data,
      points,
      intervals: intervals ?? [],
    }));
  }
}
