import type { FailureMode } from '../config.ts';
import type { PluginPlan } from '../plan.ts';

/**
 * Who serves in one place of one worker, and who behind it: what a worker that takes the place of another is told. It
 * follows what the worker's own `Succession` does with instances.
 */
export class Line {
  #plans: readonly PluginPlan[];
  /** Who was put there on purpose. */
  #head: PluginPlan | undefined;
  readonly #fail: FailureMode;
  #givenUp = false;
  /** Who was there before, while the head is on probation; null: nobody. */
  #before: PluginPlan | undefined | null = null;

  constructor(plans: readonly PluginPlan[], fail: FailureMode) {
    this.#plans = plans;
    this.#fail = fail;
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

  /** The failure mode of the place has come into force: nobody of the configuration serves there. */
  get givenUp(): boolean {
    return this.#givenUp;
  }

  /** Puts who serves aside. */
  advance(): PluginPlan | undefined {
    const [first, ...rest] = this.#plans;
    this.#givenUp = this.#fail !== 'fallback' && this.#before === null;
    this.#plans = this.#givenUp ? [] : rest;
    return first;
  }

  /** Takes one out of the line, wherever it stands. */
  remove(plan: PluginPlan): void {
    if (this.#plans[0] === plan) this.advance();
    else this.#plans = this.#plans.filter((one) => one !== plan);
  }

  swap(plan: PluginPlan): void {
    this.settle();
    this.#givenUp = false;
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
