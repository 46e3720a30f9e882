/** Turns of the event loop after which what still goes on is taken to wait for something. */
const MOST_TURNS = 1000;

/** Waiting on a host's clock, and what goes on meanwhile. */
export class Pace {
  readonly #after: (ms: number, callback: () => void) => () => void;
  readonly #goingOn = new Set<Promise<unknown>>();
  readonly #waits = new Map<() => void, () => void>();
  closed = false;

  constructor(after: (ms: number, callback: () => void) => () => void) {
    this.#after = after;
  }

  /** Resolves after a time on the host's clock, or when the host closes. */
  readonly after = (ms: number): Promise<void> => {
    if (this.closed) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waits.get(done)?.();
        this.#waits.delete(done);
        resolve();
      };
      this.#waits.set(done, this.#after(ms, done));
    });
  };

  /** Work that nobody waits for; who does it tells of its failure. */
  goesOn(work: Promise<unknown>): void {
    const watched: Promise<unknown> = work.catch(() => undefined).finally(() => void this.#goingOn.delete(watched));
    this.#goingOn.add(watched);
  }

  /** Resolves when nothing goes on but what waits for a time to come, or has not ended in a thousand turns. */
  async idle(): Promise<void> {
    // A hypervisor may wait for the virtual clock, which stands still meanwhile.
    for (let turn = 0; turn < MOST_TURNS && this.#goingOn.size > this.#waits.size; turn++)
      await new Promise((resolve) => setImmediate(resolve));
  }

  /** Ends every wait, and sees the end of all that goes on, or of the patience with it. */
  async close(patienceMs: number): Promise<void> {
    this.closed = true;
    for (const done of [...this.#waits.keys()]) done();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, patienceMs)));
    await Promise.race([Promise.all(this.#goingOn), late]);
    clearTimeout(timer);
  }
}
