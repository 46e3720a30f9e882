import { FairleadError } from '@fairlead/sdk';
import type { After } from '../succession/exchange.ts';
import { describeTrace, type TraceNames } from './describe-trace.ts';
import type { FrameTrace, TraceOptions } from './frame-trace.ts';
import type { TracedFrame } from './traced-frame.ts';

/** What a forwarding loop is asked: the next frames of a VM, or to leave it at that. */
export interface TraceLoops {
  trace(vm: number, frames: number): void;
  untrace(vm: number): void;
}

const MOST_FRAMES = 1000;
const FOR_MS = 10_000;

/** A trace that is under way. */
interface Job {
  readonly vm: number;
  readonly frames: number;
  readonly found: FrameTrace[];
  readonly finish: () => void;
}

/** Traces that somebody has asked for, one at a time. */
export class TraceDesk {
  readonly #loops: TraceLoops;
  readonly #names: TraceNames;
  readonly #after: After;
  #job: Job | undefined;

  constructor(loops: TraceLoops, names: TraceNames, after: After) {
    this.#loops = loops;
    this.#names = names;
    this.#after = after;
  }

  /** @throws FairleadError `FAIRLEAD_ERR_HOST_STATE` while another trace is under way, or for a wrong number of frames. */
  trace(vm: number, { frames = 1, forMs = FOR_MS }: TraceOptions): Promise<FrameTrace[]> {
    if (this.#job !== undefined) throw refused('another trace is under way', 'wait for its end');
    if (!(Number.isInteger(frames) && frames >= 1 && frames <= MOST_FRAMES && forMs >= 0 && forMs <= 2 ** 31 - 1))
      throw refused(`${frames} frames in ${forMs} ms cannot be traced`, `ask for 1 to ${MOST_FRAMES} frames`);
    return new Promise((resolve) => {
      const found: FrameTrace[] = [];
      const callOff = this.#after(forMs, () => this.close());
      const finish = (): void => {
        callOff();
        this.#job = undefined;
        resolve(found);
      };
      this.#job = { vm, frames, found, finish };
      this.#loops.trace(vm, frames);
    });
  }

  /** A loop has told of a frame. */
  heard(frame: TracedFrame): void {
    const job = this.#job;
    if (job === undefined || job.vm !== frame.vm) return;
    job.found.push(describeTrace(frame, this.#names));
    if (job.found.length >= job.frames) job.finish();
  }

  /** The host closes: what was found until now is all. */
  end(): void {
    this.#job?.finish();
  }

  /** Ends what is under way. The loop tells of a frame that still waits, inline at once. */
  close(): void {
    const job = this.#job;
    if (job === undefined) return;
    this.#loops.untrace(job.vm);
    if (this.#job === job) this.#after(LAST_WORDS_MS, job.finish);
  }
}

/** A worker has told of the frame that still waits by then. */
const LAST_WORDS_MS = 50;

function refused(what: string, mend: string): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_HOST_STATE', what, { where: 'trace', mend });
}
