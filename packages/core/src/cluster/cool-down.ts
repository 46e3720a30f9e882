/**
 * How long a VM is left where it is after a migration: twice as long each time, so that signals that come and go do not
 * have it bounced between hosts. It goes with the VM, which would else begin anew on each host.
 */
export class CoolDowns {
  readonly #baseUs: number;
  readonly #maxUs: number;
  readonly #moves = new Map<string, { count: number; atUs: number }>();

  constructor({ coolDownMs, maxCoolDownMs }: { readonly coolDownMs: number; readonly maxCoolDownMs: number }) {
    this.#baseUs = coolDownMs * 1000;
    this.#maxUs = Math.max(coolDownMs, maxCoolDownMs) * 1000;
  }

  /** How often a VM has been migrated lately. */
  moves(vm: string, nowUs: number): number {
    const moved = this.#moves.get(vm);
    return moved === undefined || nowUs - moved.atUs > this.#maxUs + this.#lengthUs(moved.count) ? 0 : moved.count;
  }

  /** A VM was migrated for the `count`th time. */
  note(vm: string, count: number, nowUs: number): void {
    this.#moves.set(vm, { count, atUs: nowUs });
  }

  /** Microseconds for which no responder may migrate it; 0: it may. */
  leftUs(vm: string, nowUs: number): number {
    const moved = this.#moves.get(vm);
    return moved === undefined ? 0 : Math.max(0, moved.atUs + this.#lengthUs(moved.count) - nowUs);
  }

  #lengthUs(count: number): number {
    return Math.min(this.#maxUs, this.#baseUs * 2 ** Math.min(count - 1, 52));
  }
}
