import type { Detector, Signal } from '@fairlead/sdk';
import type { Budget } from '../config.ts';
import type { Arena } from '../memory/arena.ts';
import { type Enter, Phase } from '../memory/threads.ts';
import type { ObserveConfig } from '../observe-config.ts';
import { judgementOf } from '../signals/judgement.ts';
import { detectorFault, holdTime } from './detector-fault.ts';
import { Countdown, Meter, type Sampling } from './meter.ts';
import { type FaultInput, PluginFailure, type PluginFault, shapeOfFrames, wrongAnswer } from './plugin-failure.ts';
import { fingerprintOf, RunSeen } from './run-seen.ts';
import { Slices } from './slices.ts';

/**
 * A detector in its place beside the data path.
 *
 * @example
 * ```ts
 * import type { DetectorSeat } from '@fairlead/core/stages';
 * import type { Detector } from '@fairlead/sdk';
 *
 * // Asked about every run of frames, and once a second what it makes of them.
 * const seatOf = (number: number, name: string, instance: Detector): DetectorSeat => ({
 *   number,
 *   name,
 *   instance,
 *   needsHeaders: true,
 *   windowUs: 1e6,
 *   budget: { controlMs: 1000 },
 * });
 * ```
 */
export interface DetectorSeat {
  /** Its number in the configuration. */
  readonly number: number;
  /** Name of the plugin. */
  readonly name: string;
  /** The instance of this forwarding loop. */
  readonly instance: Detector;
  /** The headers of the frames are read for it. */
  readonly needsHeaders: boolean;
  /** Time from one judgement to the next, in microseconds. */
  readonly windowUs: number;
  /** What it may use before it counts as failed. */
  readonly budget: Pick<Budget, 'batchUs' | 'memoryBytes' | 'controlMs'>;
}

/**
 * What an observer tells.
 *
 * @example
 * ```ts
 * import type { ObserverReport } from '@fairlead/core/stages';
 *
 * const telling: ObserverReport = {
 *   judged: (detector, signals) => console.log(`detector ${detector}: ${signals.length} signals`),
 *   detectorFailed: (detector, { brief }) => console.error(`detector ${detector} is put aside: ${brief}`),
 * };
 * ```
 */
export interface ObserverReport {
  /** What a detector finds to be the matter now; all that it said before no longer holds. */
  judged(detector: number, signals: readonly Signal[]): void;
  /** A detector has failed and is asked no more. */
  detectorFailed(detector: number, fault: PluginFault): void;
}

/** Where an observer works. */
export interface ObserverPlan {
  /** The shared memory. */
  readonly arena: Arena;
  /** Number of the forwarding worker. */
  readonly worker: number;
  /** How often a call is measured, and by what. */
  readonly sampling: Sampling;
  /** When the first window begins, in microseconds. */
  readonly nowUs: number;
  /** How much is shown; every frame when left out. */
  readonly observe?: ObserveConfig;
}

interface Watching extends DetectorSeat {
  /** The instance's own: to look a method up where classes differ costs as much as a short call. */
  readonly observe: Detector['observe'];
  readonly meter: Meter;
  dueUs: number;
  /** Its last judgement was not empty. */
  signalled: boolean;
}

type Observe = () => void;

/**
 * Shows runs of frames to the detectors of one forwarding loop, and has them judge once per window, between two sweeps. A
 * host without detectors has none, and its frames go by as if this did not exist.
 *
 * A detector that throws, answers something else than it should, or takes too long is put aside. What it watched goes on
 * as before: the frames go by without it.
 *
 * @example
 * ```ts
 * import { Arena, createArena } from '@fairlead/core/stages';
 *
 * const shape = { vms: 2, nics: 1, workers: 1, poolFrames: 1024, slotBytes: 2048, txRingFrames: 16, rxRingFrames: 16 };
 * const handle = createArena({ ...shape, nicRingFrames: 64 }, { nics: ['uplink0'], vms: ['web', 'db'] });
 * const arena = new Arena(handle, 0);
 * import { type DetectorSeat, Observer, type ObserverPlan, type ObserverReport } from '@fairlead/core/stages';
 *
 * const sampling = { every: 0, seed: 1, probe: { nowNs: () => 0, heapBytes: () => 0 } };
 * const plan: ObserverPlan = { arena, worker: 0, sampling, nowUs: 0 };
 * // For a forwarding loop: `new Forwarder(arena, policies, { ...options, observer })`.
 * const watchedBy = (seats: readonly DetectorSeat[], report: ObserverReport) => new Observer(plan, seats, report);
 * ```
 */
export class Observer {
  /** What the detectors are shown next: filled by who sees frames pass. */
  readonly run: RunSeen;
  /** Shows the run to every detector. */
  readonly observe: Observe;
  /** Which frames are shown. */
  readonly slices: Slices;
  /** When the next detector judges. */
  nextDueUs = Number.POSITIVE_INFINITY;
  /** When something is to be done between two sweeps of a loop that is at work. */
  #nextUs = Number.POSITIVE_INFINITY;
  readonly #arena: Arena;
  readonly #enter: Enter;
  readonly #report: ObserverReport;
  readonly #sampling: Sampling;
  readonly #sampled: Countdown;
  /** Who still watches. */
  readonly #watching: Watching[];
  /** One of them wants headers. */
  #needsHeaders = false;

  constructor(
    { arena, worker, sampling, nowUs, observe }: ObserverPlan,
    seats: readonly DetectorSeat[],
    report: ObserverReport,
  ) {
    this.#arena = arena;
    this.#enter = arena.threads.createEnter(worker);
    this.#report = report;
    this.#sampling = sampling;
    this.#sampled = new Countdown(sampling, worker * 8 + 5);
    this.run = new RunSeen(arena.pool);
    this.run.nowUs = nowUs;
    const windowUs = Math.min(...seats.map((seat) => seat.windowUs));
    this.slices = new Slices(observe, windowUs, sampling.seed, nowUs);
    this.#watching = seats.map((seat) => {
      const row = arena.costs.row(worker, 'observe', seat.number);
      const meter = new Meter('observe', seat.name, row, sampling.probe, seat.budget);
      return { ...seat, observe: seat.instance.observe, meter, dueUs: nowUs + seat.windowUs, signalled: false };
    });
    this.#arrange();
    this.observe = this.#createObserve();
  }

  #arrange(): void {
    this.#needsHeaders = this.#watching.some(({ needsHeaders }) => needsHeaders);
    this.nextDueUs = this.#watching.reduce((next, { dueUs }) => Math.min(next, dueUs), Number.POSITIVE_INFINITY);
    this.#nextUs = Math.min(this.nextDueUs, this.slices.endsUs);
  }

  /** A hot function, see forwarder.ts. */
  #createObserve(): Observe {
    const fixed = {
      run: this.run,
      headers: this.run.headers,
      frames: this.run.frames,
      watching: this.#watching,
      sampled: this.#sampled,
      enter: this.#enter,
      observing: Phase.Observe,
      core: Phase.Core,
    };
    return () => {
      const { run, headers, frames, watching, sampled, enter, observing, core } = fixed;
      frames.count = run.count;
      frames.nowUs = run.nowUs;
      if (this.#needsHeaders) headers.read(frames);
      if (--sampled.left <= 0) {
        this.#observeClosely();
        return;
      }
      // One that fails leaves the list, and the next has its place.
      for (let i = 0; i < watching.length; ) {
        try {
          for (; i < watching.length; i = (i + 1) | 0) {
            const { instance, observe, number } = watching[i] as Watching;
            enter(observing, number);
            const answer: unknown = observe.call(instance, run);
            if (answer !== undefined) throw wrongAnswer('observe', answer);
          }
        } catch (cause) {
          this.#failed(watching[i] as Watching, 'observe', cause);
        }
      }
      enter(core, 0);
    };
  }

  /** The one run in many of which every call is timed, and after which the frames are looked at. */
  #observeClosely(): void {
    this.#sampled.again();
    for (const seat of [...this.#watching]) {
      this.#enter(Phase.Observe, seat.number);
      try {
        const answer = this.#sampled.off ? seat.instance.observe(this.run) : this.#timed(seat);
        if (answer !== undefined) throw wrongAnswer('observe', answer);
      } catch (cause) {
        this.#failed(seat, 'observe', cause);
      }
    }
    this.#enter(Phase.Core, 0);
  }

  #timed({ instance, meter }: Watching): unknown {
    const { run } = this;
    const before = fingerprintOf(run);
    meter.begin();
    const answer: unknown = instance.observe(run);
    meter.end();
    if (fingerprintOf(run) !== before)
      throw new PluginFailure('FAIRLEAD_ERR_PLUGIN_RANGE', 'observe changed the frames, or what it was told of them');
    return answer;
  }

  /** Moves on to a time and its slice, and has those judge whose window is over. Between two sweeps. */
  advance(nowUs: number): void {
    this.run.nowUs = nowUs;
    if (nowUs < this.#nextUs) return;
    for (const seat of [...this.#watching]) {
      if (nowUs < seat.dueUs) continue;
      // A loop that slept does not judge twice; the next window ends where it would have.
      seat.dueUs += seat.windowUs * (Math.floor((nowUs - seat.dueUs) / seat.windowUs) + 1);
      this.#judge(seat, nowUs);
    }
    const { run, slices } = this;
    if (nowUs >= slices.endsUs) {
      slices.turn(nowUs);
      run.weight = slices.weight;
      run.sinceUs = slices.sinceUs;
      run.untilUs = slices.untilUs;
    }
    this.#arrange();
  }

  #judge(seat: Watching, nowUs: number): void {
    const { nics, vms } = this.#arena;
    const { instance, name, number } = seat;
    this.#enter(Phase.Judge, number);
    try {
      const { probe } = this.#sampling;
      const beganNs = probe.nowNs();
      const answer: unknown = instance.judge(nowUs);
      holdTime((probe.nowNs() - beganNs) / 1e6, seat.budget.controlMs);
      const signals = judgementOf(answer, { from: name, vms: vms.count, nics: nics.count });
      if (signals.length > 0 || seat.signalled) this.#report.judged(number, signals);
      seat.signalled = signals.length > 0;
    } catch (cause) {
      this.#failed(seat, 'judge', cause);
    }
    this.#enter(Phase.Core, 0);
  }

  #failed(seat: Watching, hook: 'observe' | 'judge', cause: unknown): void {
    const { name, number } = seat;
    this.#watching.splice(this.#watching.indexOf(seat), 1);
    this.#arrange();
    const { vm, frames } = this.run;
    const observed = hook === 'observe';
    const input: FaultInput | undefined = observed ? { ...shapeOfFrames(frames), backlogFrames: 0 } : undefined;
    this.#report.detectorFailed(number, detectorFault(name, hook, observed ? vm : -1, cause, input));
  }
}
