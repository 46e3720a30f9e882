/** VMs that are to come to a host, each until it has come or is dismissed. */
export class ExpectedVms {
  readonly #expected = new Map<string, { promise: Promise<void>; come(): void; giveUp(why: Error): void }>();
  /** VMs that were expected and are no more. */
  readonly #dismissed = new Set<string>();

  expect(vm: string): void {
    this.#dismissed.delete(vm);
    if (this.#expected.has(vm)) return;
    let come = (): void => {};
    let giveUp: (why: Error) => void = () => {};
    const promise = new Promise<void>((resolve, reject) => {
      come = resolve;
      giveUp = reject;
    });
    promise.catch(() => undefined); // also when nobody waits for it
    this.#expected.set(vm, { promise, come, giveUp });
  }

  /** Resolves when it has come; undefined for one that is not expected. */
  arrival(vm: string): Promise<void> | undefined {
    return this.#expected.get(vm)?.promise;
  }

  isDismissed(vm: string): boolean {
    return this.#dismissed.has(vm);
  }

  come(vm: string): void {
    this.#expected.get(vm)?.come();
    this.#expected.delete(vm);
  }

  dismiss(vm: string): void {
    const expected = this.#expected.get(vm);
    if (expected === undefined) return;
    this.#expected.delete(vm);
    this.#dismissed.add(vm);
    expected.giveUp(new Error('it was dismissed'));
  }

  close(): void {
    for (const { giveUp } of this.#expected.values()) giveUp(new Error('the hypervisor was closed'));
    this.#expected.clear();
  }
}
