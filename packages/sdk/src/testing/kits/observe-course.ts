import { FrameBurst, MAX_BATCH } from '../../batch.ts';
import { FrameHeaders } from '../../frame-headers.ts';
import type { Detector, ObservedBatch } from '../../points/detector.ts';
import type { Signal, SignalKind } from '../../points/signal.ts';
import type { Make } from './candidate.ts';
import type { Course, Treatment } from './course.ts';
import { framesOf, type ObserveScenario } from './observe-scenario.ts';
import { type KitParts, kitParts, type MutableKitParts } from './parts.ts';
import { type FrameSketch, writeFrame } from './test-frame.ts';

const SLOT_BYTES = 2048;

/** Looks at one batch that passes; `observe` calls the detector. */
export type LookAtObserve = (batch: ObservedBatch, observe: () => unknown, parts: KitParts) => string | undefined;
/** Looks at one judgement; `judge` calls the detector. */
export type LookAtJudge = (nowUs: number, judge: () => readonly Signal[], parts: KitParts) => string | undefined;

export const justObserve: LookAtObserve = (_batch, observe) => void observe();
export const justJudge: LookAtJudge = (_nowUs, judge) => void judge();

const SIGNAL_KINDS: Readonly<Record<SignalKind, true>> = {
  attack: true,
  backlog: true,
  failover: true,
  'nic-down': true,
  'reservation-unmet': true,
};

/** Finds a signal that cannot be one. */
export const judgesWellFormed: LookAtJudge = (nowUs, judge, { nics, vms }) => {
  const signals: unknown = judge();
  if (!Array.isArray(signals)) return `it judged ${tellValue(signals)}, which is not an array`;
  for (const signal of signals as Partial<Signal>[]) {
    const { kind, vm, nic, atUs = Number.NaN, confidence = Number.NaN, evidence } = signal;
    const isRow = (row: unknown, count: number): boolean =>
      row === undefined || (Number.isInteger(row) && (row as number) >= 0 && (row as number) < count);
    if (kind === undefined || !Object.hasOwn(SIGNAL_KINDS, kind)) return `it raised a signal of kind ${String(kind)}`;
    if (!isRow(vm, vms.count)) return `it raised a signal about VM ${vm} of ${vms.count}`;
    if (!isRow(nic, nics.count)) return `it raised a signal about NIC ${nic} of ${nics.count}`;
    if (!(confidence >= 0 && confidence <= 1)) return `it raised a signal with confidence ${confidence}`;
    if (!(atUs >= 0 && atUs <= nowUs)) return `it raised a signal of ${atUs} us at ${nowUs} us`;
    if (typeof evidence !== 'object' || evidence === null) return `it raised a signal without evidence`;
    for (const [name, value] of Object.entries(evidence)) {
      if (typeof value !== 'string' && !Number.isFinite(value)) return `its evidence "${name}" is ${tellValue(value)}`;
    }
  }
  return undefined;
};

function tellValue(value: unknown): string {
  return value instanceof Promise ? 'a promise' : (JSON.stringify(value) ?? String(value)).slice(0, 100);
}

/** The object that the host hands over, and fills again. */
interface Passed {
  vm: number;
  direction: ObservedBatch['direction'];
  nowUs: number;
  count: number;
  bytes: number;
  weight: number;
  sinceUs: number;
  untilUs: number;
  readonly headers: FrameHeaders;
  readonly frames: FrameBurst;
}

export function emptyBatch(capacity: number = MAX_BATCH): Passed {
  const memory = new Uint8Array(new SharedArrayBuffer(capacity * SLOT_BYTES));
  const frames = new FrameBurst(memory, capacity, SLOT_BYTES);
  const headers = new FrameHeaders(capacity);
  const shown = { weight: 1, sinceUs: 0, untilUs: Number.POSITIVE_INFINITY };
  return { vm: 0, direction: 'outbound', nowUs: 0, count: 0, bytes: 0, ...shown, headers, frames };
}

/** Writes frames into a batch, each in its slot, and reads their headers as the host does. */
export function fillObserved(batch: Passed, frames: readonly FrameSketch[], nowUs: number): void {
  fillBurst(batch.frames, frames, nowUs);
  batch.headers.read(batch.frames);
  batch.nowUs = nowUs;
  batch.count = frames.length;
  batch.bytes = frames.reduce((sum, { bytes }) => sum + bytes, 0);
}

function fillBurst(burst: FrameBurst, frames: readonly FrameSketch[], nowUs: number): void {
  burst.count = frames.length;
  burst.nowUs = nowUs;
  burst.failed.fill(0);
  burst.failures = 0;
  for (const [i, frame] of frames.entries()) {
    burst.offset[i] = i * SLOT_BYTES;
    burst.bytes[i] = frame.bytes;
    writeFrame(frame, burst.memory, burst.offset[i]);
  }
}

function poison(batch: Passed): void {
  const { frames, headers } = batch;
  for (let i = 0; i < frames.count; i++) frames.memory.fill(0x5a, frames.offset[i], frames.offset[i] + frames.bytes[i]);
  frames.count = -1;
  frames.nowUs = Number.NaN;
  frames.offset.fill(-1);
  frames.bytes.fill(-1);
  for (const column of Object.values(headers) as (Uint8Array | Int32Array)[]) column.fill(0x5a);
  batch.vm = -1;
  batch.count = -1;
  batch.bytes = Number.NaN;
  batch.nowUs = Number.NaN;
}

/** A detector on its way through a scenario, batch by batch and judgement by judgement. */
export class ObserveCourse implements Course<Detector> {
  plugin: Detector;
  readonly parts: MutableKitParts;
  readonly answers: string[] = [];
  readonly #scenario: ObserveScenario;
  readonly #reuse: boolean;
  readonly #lookAtObserve: LookAtObserve;
  readonly #lookAtJudge: LookAtJudge;
  #batch: Passed;
  #index = 0;

  constructor(
    make: Make<Detector>,
    scenario: ObserveScenario,
    { reuse }: Treatment,
    lookAtObserve: LookAtObserve,
    lookAtJudge: LookAtJudge,
  ) {
    this.#scenario = scenario;
    this.#reuse = reuse;
    this.#lookAtObserve = lookAtObserve;
    this.#lookAtJudge = lookAtJudge;
    this.#batch = emptyBatch(Math.max(1, ...scenario.steps.map(({ passing }) => passing?.count ?? 1)));
    this.parts = kitParts(
      [1e9, 1e9],
      Array.from({ length: scenario.vmCount }, () => ({})),
    );
    this.plugin = make(this.parts);
  }

  goesOn(): boolean {
    return this.#index < this.#scenario.steps.length;
  }

  step(): string | undefined {
    const index = this.#index++;
    const { afterUs, passing } = this.#scenario.steps[index];
    const nowUs = this.parts.clock.advance(afterUs);
    let what: string | undefined;
    if (passing === undefined) {
      what = this.#lookAtJudge(nowUs, () => this.#judge(nowUs), this.parts);
    } else {
      if (!this.#reuse) this.#batch = emptyBatch(passing.count);
      const batch = this.#batch;
      batch.vm = passing.vm;
      batch.direction = passing.direction;
      fillObserved(batch, framesOf(passing), nowUs);
      what = this.#lookAtObserve(batch, () => this.plugin.observe(batch), this.parts);
      if (this.#reuse) poison(batch);
    }
    return what === undefined ? undefined : `at step ${index}, ${what}`;
  }

  #judge(nowUs: number): readonly Signal[] {
    const signals = this.plugin.judge(nowUs);
    this.answers.push(`raise ${JSON.stringify(signals)} at ${nowUs} us`);
    return signals;
  }

  finish(): undefined {
    return undefined;
  }
}
