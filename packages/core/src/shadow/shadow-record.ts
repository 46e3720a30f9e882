/** What decides how large the record of one shadow is. */
export interface RecordShape {
  readonly workers: number;
  readonly vms: number;
  readonly nics: number;
  /** Answers there are to its question: three verdicts, or the NICs. */
  readonly choices: number;
}

/** Differing decisions that each worker keeps: the first ones. */
const KEPT_DIFFERENCES = 32;

/** Numbers that are kept of a differing decision, before two for each NIC: its pending bytes and its speed. */
export const DIFFERENCE_FIELDS = [
  'atUs',
  'vm',
  'bytes',
  'backlogFrames',
  'real',
  'shadow',
  'realRetryAtUs',
  'shadowRetryAtUs',
  'flow',
  'availableMask',
  'limitBps',
  'reservationBps',
  'entitledBps',
  'priority',
] as const;

/** The words in front of the matrices. */
const Word = { Aside: 0, Batches: 1, Kept: 2 } as const;
const HEADER = 4;

/**
 * What one worker's shadow has decided beside the real policy, as numbers in memory that the host can read at any time,
 * and that outlives the worker:
 *
 * ```
 *  header │ frames[real][shadow] │ bytes[real][shadow] │ frames[vm] │ same[vm] │ first differences
 * ```
 */
export class ShadowRecord {
  readonly header: Float64Array;
  readonly frames: Float64Array;
  readonly bytes: Float64Array;
  readonly vmFrames: Float64Array;
  readonly vmSame: Float64Array;
  readonly differences: Float64Array;
  readonly differenceWidth: number;

  static allocate(shape: RecordShape): SharedArrayBuffer {
    return new SharedArrayBuffer(laneNumbers(shape) * 8 * shape.workers);
  }

  constructor(memory: SharedArrayBuffer, shape: RecordShape, worker: number) {
    let at = worker * laneNumbers(shape) * 8;
    const take = (count: number): Float64Array => {
      const view = new Float64Array(memory, at, count);
      at += count * 8;
      return view;
    };
    this.differenceWidth = differenceWidth(shape);
    this.header = take(HEADER);
    this.frames = take(shape.choices ** 2);
    this.bytes = take(shape.choices ** 2);
    this.vmFrames = take(shape.vms);
    this.vmSame = take(shape.vms);
    this.differences = take(KEPT_DIFFERENCES * this.differenceWidth);
  }

  get aside(): boolean {
    return this.header[Word.Aside] !== 0;
  }

  set aside(aside: boolean) {
    this.header[Word.Aside] = aside ? 1 : 0;
  }

  /** Batches that both were asked about. */
  get batches(): number {
    return this.header[Word.Batches];
  }

  countBatch(): void {
    this.header[Word.Batches]++;
  }

  /** Differences that are kept. */
  get kept(): number {
    return this.header[Word.Kept];
  }

  /** Place in `differences` for one more; -1 when the first ones are had. */
  placeOfNext(): number {
    const kept = this.header[Word.Kept];
    if (kept >= KEPT_DIFFERENCES) return -1;
    this.header[Word.Kept] = kept + 1;
    return kept * this.differenceWidth;
  }
}

function differenceWidth({ nics }: RecordShape): number {
  return DIFFERENCE_FIELDS.length + 2 * nics;
}

function laneNumbers(shape: RecordShape): number {
  const { choices, vms } = shape;
  return HEADER + 2 * choices ** 2 + 2 * vms + KEPT_DIFFERENCES * differenceWidth(shape);
}
