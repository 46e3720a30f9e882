import type { PluginPlan } from '../plan.ts';

/**
 * Who serves in one place of one worker, and who behind it: what a worker that takes the place of another is told. It
 * follows what the worker's own `Succession` does with instances.
 */
export class Line {
  #plans: readonly PluginPlan[];
  /** Who was put there on purpose. */
  #head: PluginPlan | undefined;
  /** Who was there before, while the head is on probation; null: nobody. */
  #before: PluginPlan | undefined | null = null;

  constructor(plans: readonly PluginPlan[]) {
    this.#plans = plans;
    this.#head = plans[0];
  }

  /** Who serves and who comes next, in order. */
  get plans(): readonly PluginPlan[] {
    return this.#plans;
  }

  get head(): PluginPlan | undefined {
    return this.#head;
  }

  /** True when who was put there on purpose has failed. */
  get failed(): boolean {
    return this.#plans[0] !== this.#head;
  }

  /** Puts who serves aside. */
  advance(): PluginPlan | undefined {
    const [first, ...rest] = this.#plans;
    this.#plans = rest;
    return first;
  }

  swap(plan: PluginPlan): void {
    this.settle();
    this.#before = this.failed ? null : this.#head;
    this.#plans = [plan, ...this.#plans];
    this.#head = plan;
  }

  /** The probation is over. */
  settle(): void {
    const before = this.#before;
    this.#before = null;
    if (before !== null && this.#plans[0] !== before) this.#plans = this.#plans.filter((plan) => plan !== before);
  }

  /** The head has failed on probation, here or elsewhere. */
  bringBack(): void {
    if (this.#before === null) return;
    const failed = this.#head;
    this.#plans = this.#plans.filter((plan) => plan !== failed);
    this.#head = this.#before;
    this.#before = null;
  }
}
