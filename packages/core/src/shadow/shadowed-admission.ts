import { type AdmissionPolicy, type NicTable, type TransmitBatch, Verdict, type VmTable } from '@fairlead/sdk';
import type { NicView } from '../memory/nic-view.ts';
import { type Enter, Phase } from '../memory/threads.ts';
import type { PrivateTables } from './private-tables.ts';
import { keepDifference, ShadowBatch } from './shadow-batch.ts';
import type { ShadowRecord } from './shadow-record.ts';

/** What a shadow is made of, and what it is compared with. */
export interface ShadowParts<T> {
  /** The shadow policy, made with the private tables. */
  readonly shadow: T;
  readonly tables: PrivateTables;
  readonly record: ShadowRecord;
  /** The longest frame, for a shadow that reads headers: it is given copies. 0 for one that does not. */
  readonly frameBytes: number;
  /** The loop's own view, for what is written down. */
  readonly nics: NicView & NicTable;
  readonly vms: VmTable;
  readonly enter: Enter;
  /** Takes the shadow out of the way; called once, when it failed. */
  readonly failed: (hook: string, vm: number, cause: unknown) => void;
}

/** Answers to the question of admission, in the order of the record's matrices. */
export const VERDICT_CHOICES = ['admit', 'queue', 'drop'] as const;
const Choice = { Admit: 0, Queue: 1, Drop: 2 } as const;

/**
 * Stands in the place of an admission policy and asks it; then asks a shadow the same about copies, and writes down
 * where they differ. Nothing that the shadow does or leaves undone reaches the real answer.
 *
 * A frame that the shadow has let go while the real policy makes it wait is not asked about again, just as the host asks
 * no policy twice about a frame it has admitted: the shadow would charge for it twice. A frame is counted when it
 * leaves, and when it is first made to wait.
 */
export class ShadowedAdmission implements AdmissionPolicy {
  /** The policy that decides. */
  real: AdmissionPolicy;
  readonly #parts: ShadowParts<AdmissionPolicy>;
  readonly #input: ShadowBatch;
  readonly #batchFrames: number;
  /** Frames at the head of a VM's ring that the shadow has decided upon and the real policy has not, and what it said. */
  readonly #ahead: Int32Array;
  readonly #aheadChoice: Uint8Array;
  /** Frames at the head of a VM's ring that were made to wait before. */
  readonly #waited: Int32Array;

  constructor(real: AdmissionPolicy, parts: ShadowParts<AdmissionPolicy>, batchFrames: number) {
    this.real = real;
    this.#parts = parts;
    this.#input = new ShadowBatch(parts.frameBytes);
    this.#batchFrames = batchFrames;
    this.#ahead = new Int32Array(parts.vms.count);
    this.#waited = new Int32Array(parts.vms.count);
    this.#aheadChoice = new Uint8Array(parts.vms.count * batchFrames);
  }

  sweep(nowUs: number): undefined {
    const answer = this.real.sweep?.(nowUs);
    const { shadow, tables, enter, failed } = this.#parts;
    if (answer !== undefined || shadow.sweep === undefined) return answer;
    enter(Phase.ShadowAdmit, 0);
    try {
      tables.copyNics();
      demandNothing(shadow.sweep(nowUs), 'sweep');
    } catch (cause) {
      failed('sweep', 0, cause);
    }
    enter(Phase.Core, 0);
  }

  admit(batch: TransmitBatch): undefined {
    const input = this.#input;
    input.copy(batch);
    const answer = this.real.admit(batch);
    // What is wrong with the real answer is the host's to find: it does so as it would without a shadow.
    if (answer !== undefined || !(batch.queuedFrom >= 0 && batch.queuedFrom <= input.count)) return answer;
    const { enter, failed } = this.#parts;
    enter(Phase.ShadowAdmit, input.vm);
    try {
      this.#ask(batch);
    } catch (cause) {
      failed('admit', input.vm, cause);
    }
    enter(Phase.Core, 0);
  }

  #ask(real: TransmitBatch): void {
    const { shadow, tables, record } = this.#parts;
    const { vm, count } = this.#input;
    const before = this.#ahead[vm];
    const skip = before < count ? before : count;
    let decided = before;
    let retryAtUs = 0;
    if (skip < count) {
      tables.copyNics();
      tables.copyVm(vm);
      const asked = this.#input.give(skip);
      demandNothing(shadow.admit(asked), 'admit');
      const { queuedFrom } = asked;
      if (!(queuedFrom >= 0 && queuedFrom <= count - skip)) throw new RangeError(`queuedFrom is ${queuedFrom}`);
      decided = skip + (queuedFrom | 0);
      retryAtUs = Number(asked.retryAtUs);
      const first = vm * this.#batchFrames;
      for (let i = skip; i < decided; i++) {
        const dropped = this.#input.verdict[i - skip] === Verdict.Drop;
        this.#aheadChoice[first + i] = dropped ? Choice.Drop : Choice.Admit;
      }
    }
    record.countBatch();
    this.#compare(real, decided, retryAtUs);
    this.#moveOn(vm, count, real.queuedFrom | 0, decided);
  }

  #compare(real: TransmitBatch, decided: number, shadowRetryAtUs: number): void {
    const { record, nics, vms } = this.#parts;
    const { vm, count, bytes } = this.#input;
    const waited = this.#waited[vm];
    const first = vm * this.#batchFrames;
    for (let i = 0; i < count; i++) {
      let answer: number = Choice.Queue;
      if (i < real.queuedFrom) answer = real.verdict[i] === Verdict.Drop ? Choice.Drop : Choice.Admit;
      else if (i < waited) continue; // it was counted when it was first made to wait
      const other = i < decided ? this.#aheadChoice[first + i] : Choice.Queue;
      const cell = answer * VERDICT_CHOICES.length + other;
      record.frames[cell]++;
      record.bytes[cell] += bytes[i];
      record.vmFrames[vm]++;
      if (answer === other) record.vmSame[vm]++;
      else {
        const answers = { real: answer, shadow: other, realRetryAtUs: real.retryAtUs, shadowRetryAtUs };
        keepDifference(record, this.#input, i, answers, nics, vms);
      }
    }
  }

  /** The frames before `left` have left the ring's head, or are admitted and wait for room on a NIC alone. */
  #moveOn(vm: number, count: number, left: number, decided: number): void {
    const first = vm * this.#batchFrames;
    const ahead = decided > left ? decided - left : 0;
    if (ahead > 0 && left > 0) this.#aheadChoice.copyWithin(first, first + left, first + decided);
    this.#ahead[vm] = ahead;
    const waited = this.#waited[vm];
    this.#waited[vm] = (waited > count ? waited : count) - left;
  }
}

/** The host refuses a kernel that answers anything, and so it does a shadow. */
export function demandNothing(answer: unknown, hook: string): void {
  if (answer !== undefined) throw new TypeError(`${hook} returned a value; a kernel must return undefined`);
}
