/**
 * A call that a test can make fail or hold. `copy` and `switch` are within `migrate`: when the memory has been copied and
 * the VM still runs here, and when it has changed hands and runs nowhere; `arrive` is on the host that it comes to.
 */
export type HypervisorHook =
  | ('start' | 'suspend' | 'resume' | 'stop' | 'migrate' | 'throttle' | 'status')
  | ('receive' | 'arrived' | 'dismiss' | 'copy' | 'switch' | 'arrive');

/** What was asked to go wrong, in the order in which it was asked. */
export class Injections {
  readonly #failures = new Map<HypervisorHook, Error[]>();
  readonly #holds = new Map<HypervisorHook, Promise<void>[]>();

  fail(hook: HypervisorHook, cause: Error): void {
    queueOf(this.#failures, hook).push(cause);
  }

  hold(hook: HypervisorHook): () => void {
    let release = (): void => {};
    queueOf(this.#holds, hook).push(new Promise((resolve) => (release = resolve)));
    return release;
  }

  /** What is to happen to the next call: it is decided at once, and waits or fails when it is let. */
  next(hook: HypervisorHook): () => Promise<void> {
    const failure = this.#failures.get(hook)?.shift();
    const hold = this.#holds.get(hook)?.shift();
    return async () => {
      if (hold !== undefined) await hold;
      if (failure !== undefined) throw failure;
    };
  }
}

function queueOf<T>(queues: Map<HypervisorHook, T[]>, hook: HypervisorHook): T[] {
  let queue = queues.get(hook);
  if (queue === undefined) {
    queue = [];
    queues.set(hook, queue);
  }
  return queue;
}
