/** A time that passes, and may begin anew. In real time: QEMU does not run on the host's clock. */
export class Deadline {
  readonly #ms: number;
  #timer: NodeJS.Timeout | undefined;
  #expire: () => void = () => {};
  #isOver = false;

  constructor(ms: number) {
    this.#ms = ms;
    this.restart();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  restart(): void {
    clearTimeout(this.#timer);
    this.#isOver = false;
    this.#timer = setTimeout(() => {
      this.#isOver = true;
      this.#expire();
    }, this.#ms);
  }

  /** Waits for a promise; `late` makes the error when the time is over first. */
  async bound<T>(promise: Promise<T>, late: () => Error): Promise<T> {
    const over = new Promise<never>((_, reject) => {
      this.#expire = () => reject(late());
      if (this.#isOver) this.#expire();
    });
    try {
      return await Promise.race([promise, over]);
    } finally {
      this.#expire = () => {};
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
