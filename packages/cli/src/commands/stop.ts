/** Why a run ended. */
export type StopCause = 'time' | 'key' | 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'output closed' | 'plugin';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * The end of a run: whichever comes first of a signal, the set time, a key, a reader that has gone,
 * or a plugin without which the host does not go on. A second signal
 * ends the process at once, for whoever cannot wait for the clean end.
 */
export class Stop {
  readonly happened: Promise<StopCause>;
  #resolve: (cause: StopCause) => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor() {
    this.happened = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    for (const signal of SIGNALS) process.once(signal, this.#signalled);
    process.stdout.once('error', this.#outputFailed);
  }

  now(cause: StopCause): void {
    this.#resolve(cause);
  }

  afterMs(ms: number): void {
    this.#timer = setTimeout(() => this.now('time'), ms);
  }

  /** Stops listening. */
  dispose(): void {
    clearTimeout(this.#timer);
    for (const signal of SIGNALS) process.off(signal, this.#signalled);
    process.stdout.off('error', this.#outputFailed);
  }

  readonly #signalled = (signal: NodeJS.Signals): void => this.now(signal as StopCause);
  readonly #outputFailed = (): void => this.now('output closed');
}
