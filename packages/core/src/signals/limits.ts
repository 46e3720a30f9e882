import type { ChainRule } from './signal-config.ts';

/** What keeps a chain from acting too much: VMs that are never touched, rest after an action, a budget over all. */
export class ChainLimits {
  readonly #rule: ChainRule;
  readonly #untouched: ReadonlySet<string>;
  /** When each target may be acted on again. */
  readonly #restsUntilUs = new Map<number, number>();
  /** When actions were taken, the oldest first. */
  #takenUs: number[] = [];

  constructor(rule: ChainRule) {
    this.#rule = rule;
    this.#untouched = new Set(rule.allow);
  }

  /** Why a target may not be acted on now; undefined when it may. `name` is a VM's, or empty. */
  objection(target: number, name: string, nowUs: number, fresh: boolean): string | undefined {
    if (this.#untouched.has(name)) return 'it is on the list of VMs that are never touched';
    if (fresh && nowUs < (this.#restsUntilUs.get(target) ?? 0)) return 'it is left alone after the last action';
    const { budget } = this.#rule;
    if (budget === undefined) return undefined;
    this.#takenUs = this.#takenUs.filter((takenUs) => nowUs - takenUs < budget.perMs * 1000);
    if (this.#takenUs.length < budget.actions) return undefined;
    return `the budget of ${budget.actions} actions in ${budget.perMs} ms is spent`;
  }

  taken(nowUs: number): void {
    if (this.#rule.budget !== undefined) this.#takenUs.push(nowUs);
  }

  /** The last action on a target has ended. */
  ended(target: number, nowUs: number): void {
    if (this.#rule.coolDownMs > 0) this.#restsUntilUs.set(target, nowUs + this.#rule.coolDownMs * 1000);
  }
}
