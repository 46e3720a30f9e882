import { Histogram, type HistogramData } from './histogram.ts';

/** What a meter measured in one interval of the run. */
export interface MeterPoint {
  readonly bytes: number;
  readonly frames: number;
  /** 0 when nothing arrived. */
  readonly p50Us: number;
  readonly p99Us: number;
}

/** Where frames go, as seen from their VM; those of an attack are kept apart, whichever way they go. */
export type Direction = 'out' | 'in' | 'local' | 'attack';

/** Measures what arrives of the frames of one VM in one direction: as a whole, and interval by interval. */
export class Meter {
  readonly vm: number;
  readonly direction: Direction;
  readonly latency = new Histogram();
  readonly points: MeterPoint[] = [];
  readonly #interval = new Histogram();
  bytes = 0;
  frames = 0;
  #pointBytes = 0;
  #pointFrames = 0;
  /** Times before it are not measured, so that the beginning of a run may be left out. */
  readonly #fromUs: number;
  /** Intervals as they were counted, when several meters of one VM are to be put together. */
  readonly intervals: HistogramData[] | undefined;

  constructor(vm: number, direction: Meter['direction'], fromUs: number, keepsIntervals = false) {
    this.vm = vm;
    this.direction = direction;
    this.#fromUs = fromUs;
    this.intervals = keepsIntervals ? [] : undefined;
  }

  arrived(bytes: number, latencyUs: number, nowUs: number): void {
    this.#pointBytes += bytes;
    this.#pointFrames++;
    this.#interval.add(latencyUs);
    if (nowUs < this.#fromUs) return;
    this.bytes += bytes;
    this.frames++;
    this.latency.add(latencyUs);
  }

  /** Ends an interval. */
  mark(): void {
    const { count } = this.#interval;
    this.points.push({
      bytes: this.#pointBytes,
      frames: this.#pointFrames,
      p50Us: count === 0 ? 0 : this.#interval.quantileUs(0.5),
      p99Us: count === 0 ? 0 : this.#interval.quantileUs(0.99),
    });
    this.intervals?.push(this.#interval.data);
    this.#interval.clear();
    this.#pointBytes = 0;
    this.#pointFrames = 0;
  }
}
