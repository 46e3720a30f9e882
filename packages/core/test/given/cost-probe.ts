import type { CostProbe } from '../../src/clock.ts';

/** A clock and a heap under the hand of a test: a plugin says itself what it costs. */
export class HandProbe implements CostProbe {
  #ns = 0;
  #bytes = 0;

  nowNs(): number {
    return this.#ns;
  }

  heapBytes(): number {
    return this.#bytes;
  }

  /** The call that is under way takes so long. */
  spendUs(us: number): void {
    this.#ns += us * 1000;
  }

  /** The call that is under way takes memory, or garbage is collected in it. */
  takeBytes(bytes: number): void {
    this.#bytes += bytes;
  }
}

/** Every call is measured. */
export const everyCall = (probe: CostProbe) => ({ every: 1, seed: 1, probe });
