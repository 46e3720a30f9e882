import { FairleadError } from '@fairlead/sdk';
import type { Threads } from '../memory/threads.ts';
import { Phase } from '../memory/threads.ts';
import type { Suspect } from './at-fault.ts';

const LOOK_MS = 25;
/** A thread that runs no plugin's code yet has this long. */
const BOOT_MS = 60_000;
/** While the host stops, a worker that is only just starting is not waited for longer than this. */
const STOPPING_MS = 1000;

/**
 * Watches a worker until it forwards. It shows which plugin it loads, makes or opens; one that takes longer than its
 * budget for control calls has hung, and its worker with it: a constructor runs on the worker's own thread, so that no
 * timer there could end it.
 */
export class StartWatch {
  readonly #threads: Threads;
  readonly #worker: number;
  readonly #suspect: (shown: { phase: Phase; vm: number }) => Suspect | undefined;
  readonly #hung: (error: FairleadError) => void;
  #timer: NodeJS.Timeout | undefined;
  #phase: Phase = Phase.Core;
  #number = -1;
  #spentMs = 0;

  constructor(
    threads: Threads,
    worker: number,
    suspect: (shown: { phase: Phase; vm: number }) => Suspect | undefined,
    hung: (error: FairleadError) => void,
  ) {
    this.#threads = threads;
    this.#worker = worker;
    this.#suspect = suspect;
    this.#hung = hung;
    // What a worker before this one was doing is not this one's.
    threads.createEnter(worker)(Phase.Core, 0);
  }

  start(stopping: () => boolean): void {
    this.#timer = setInterval(() => this.look(LOOK_MS, stopping()), LOOK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Looks at the worker, `elapsedMs` after the last look. */
  look(elapsedMs: number, stopping: boolean): void {
    const { phase, vm: number } = this.#threads.phase(this.#worker);
    if (phase !== this.#phase || number !== this.#number) {
      this.#phase = phase;
      this.#number = number;
      this.#spentMs = 0;
      return;
    }
    this.#spentMs += elapsedMs;
    const suspect = this.#suspect({ phase, vm: number });
    // An open that is only late is told by the worker itself.
    const graceMs = phase === Phase.Open ? LOOK_MS * 20 : 0;
    const limitMs = stopping ? STOPPING_MS : (suspect?.plan.budget.controlMs ?? BOOT_MS);
    if (this.#spentMs < limitMs + graceMs) return;
    this.stop();
    const name = suspect === undefined ? 'a forwarding worker' : `${suspect.name}.${suspect.hook}()`;
    this.#hung(
      new FairleadError('FAIRLEAD_ERR_PLUGIN_STALLED', `${name} did not return for ${limitMs} ms`, {
        ...(suspect === undefined ? {} : { where: suspect.plan.where }),
        mend: 'let it return, and do what takes long in open(); or raise budget.controlMs',
      }),
    );
  }
}
