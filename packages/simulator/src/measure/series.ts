import { type Host, NicTotals } from '@fairlead/core';
import { DROP_REASON_COUNT } from '@fairlead/sdk';
import type { DecisionKind, DecisionListener } from '../decisions/decision-log.ts';
import type { Cable } from '../network/network.ts';
import type { SimulatedNic } from '../network/simulated-nic.ts';

/** About so many intervals are measured in a run. */
const INTERVALS = 250;

/** Length of an interval for a run, in microseconds: 1, 2 or 5 times a power of ten, so that axes have round numbers. */
export function intervalFor(durationUs: number): number {
  const least = Math.max(1000, durationUs / INTERVALS);
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5].find((n) => n * power >= least) ?? 10;
  return factor * power;
}

/** What a NIC did in one interval. */
export interface NicPoint {
  readonly txBytes: number;
  readonly rxBytes: number;
  /** In its transmit queue at the end of the interval. */
  readonly pendingBytes: number;
  readonly speedBps: number;
  /** Frames lost behind it, either way. */
  readonly lostFrames: number;
  readonly isUp: boolean;
}

/** Takes the counters of the NICs at the end of each interval. */
export class NicSeries {
  readonly points: NicPoint[][];
  readonly #host: Host;
  readonly #totals: NicTotals;
  readonly #nics: readonly SimulatedNic[];
  readonly #cables: readonly Cable[];
  readonly #before: { tx: number; rx: number; lost: number }[];

  constructor(host: Host, nics: readonly SimulatedNic[], cables: readonly Cable[]) {
    this.#host = host;
    this.#totals = new NicTotals(host.arena.handle.memory, host.arena.layout);
    this.#nics = nics;
    this.#cables = cables;
    this.points = nics.map(() => []);
    this.#before = nics.map(() => ({ tx: 0, rx: 0, lost: 0 }));
  }

  mark(): void {
    for (const [i, nic] of this.#nics.entries()) {
      const { out, in: inbound } = this.#cables[i] as Cable;
      const now = {
        tx: nic.sentBytes,
        rx: this.#totals.read('rxBytes', i),
        lost: out.lostByChance + out.lostByFullQueue + inbound.lostByChance + inbound.lostByFullQueue,
      };
      const before = this.#before[i] as typeof now;
      (this.points[i] as NicPoint[]).push({
        txBytes: now.tx - before.tx,
        rxBytes: now.rx - before.rx,
        lostFrames: now.lost - before.lost,
        pendingBytes: this.#totals.read('pendingBytes', i),
        speedBps: nic.speedBps,
        isUp: this.#host.arena.nics.state[i] === 1,
      });
      this.#before[i] = now;
    }
  }
}

/** What was decided in one interval, in frames. */
export interface DecisionPoint {
  /** By NIC. */
  readonly sent: readonly number[];
  readonly queued: number;
  /** By drop reason. */
  readonly dropped: readonly number[];
}

/** Counts decisions, as a whole and interval by interval. */
export class DecisionSeries implements DecisionListener {
  readonly points: DecisionPoint[] = [];
  readonly #nics: number;
  #sent: Float64Array;
  #queued = 0;
  #dropped = new Float64Array(DROP_REASON_COUNT);

  constructor(nics: number) {
    this.#nics = nics;
    this.#sent = new Float64Array(nics);
  }

  decided(kind: DecisionKind, _vm: number, what: number, frames: number): void {
    if (kind === 'send') this.#sent[what] += frames;
    else if (kind === 'queue') this.#queued += frames;
    else this.#dropped[what] += frames;
  }

  mark(): void {
    this.points.push({ sent: [...this.#sent], queued: this.#queued, dropped: [...this.#dropped] });
    this.#sent = new Float64Array(this.#nics);
    this.#queued = 0;
    this.#dropped = new Float64Array(DROP_REASON_COUNT);
  }

  /** Frames sent by each NIC, over the whole run. */
  sentBy(nic: number): number {
    return this.points.reduce((sum, { sent }) => sum + (sent[nic] ?? 0), 0);
  }

  /** Frames that were made to wait, each counted once. */
  get queued(): number {
    return this.points.reduce((sum, { queued }) => sum + queued, 0);
  }

  droppedFor(reason: number): number {
    return this.points.reduce((sum, { dropped }) => sum + (dropped[reason] ?? 0), 0);
  }
}
