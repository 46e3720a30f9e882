import {
  definePlugin,
  type Explanation,
  inject,
  type Lifecycle,
  type LoadDistribution,
  MAX_NICS,
  Nics,
  type NicTable,
  Options,
  type StateOrigin,
  type Static,
  type TransmitBatch,
  Type,
} from '@fairlead/sdk';
import { Turn } from './turn.ts';

/** Options of round robin. */
export const roundRobinOptions = Type.Object(
  {
    weighted: Type.Boolean({ default: false, description: 'Serve each NIC in proportion to its speed.' }),
  },
  { additionalProperties: false },
);

/**
 * One frame to each available NIC in turn, whatever its load and whoever sends.
 *
 * @example
 * ```ts
 * import { RoundRobin } from '@fairlead/load-distribution-round-robin';
 * import { testBatch, testNics } from '@fairlead/sdk/testing';
 *
 * const batch = testBatch([64, 64, 64]);
 * new RoundRobin(testNics([1e9, 1e9]), { weighted: false }).select(batch);
 * console.log(batch.nic.subarray(0, 3)); // 0, 1, 0
 * ```
 */
export class RoundRobin implements LoadDistribution, Lifecycle {
  readonly #turn = new Turn();
  readonly #weighted: boolean;
  #epoch = -1;
  /** Place of the turn that is served next. */
  #place = 0;
  /** The NIC that a predecessor served last; -1: there was none. */
  #before = -1;

  constructor(
    @inject(Nics) private readonly nics: NicTable,
    @inject(Options) options: Static<typeof roundRobinOptions>,
  ) {
    this.#weighted = options.weighted;
  }

  select(batch: TransmitBatch): undefined {
    if (this.nics.epoch !== this.#epoch || (this.#weighted && this.#turn.speedsChanged(this.nics))) this.#renew();
    const turn = this.#turn.nic;
    const length = this.#turn.length;
    const chosen = batch.nic;
    const count = batch.count;
    let place = this.#place;
    for (let i = 0; i < count; i++) {
      chosen[i] = turn[place];
      place++;
      if (place === length) place = 0;
    }
    this.#place = place;
  }

  /** The turn has gone on to the end of this batch. */
  explain({ count, nic: chosen }: TransmitBatch, i: number): Explanation {
    const { nic: turn, length } = this.#turn;
    const place = (this.#place + (length - (count % length)) + i) % length;
    const rejected = new Map<number, string>();
    for (let ahead = 1; ahead < length; ahead++) {
      const nic = turn[(place + ahead) % length];
      if (nic === chosen[i] || rejected.has(nic)) continue;
      rejected.set(nic, `its turn is ${ahead} ${ahead === 1 ? 'frame' : 'frames'} later`);
    }
    return { why: `its turn: place ${place} of ${length}`, state: { place, turnFrames: length }, rejected };
  }

  /** The NIC that was served last: a successor goes on behind it. */
  exportState(): { last: number } {
    return { last: this.#last() };
  }

  /**
   * Goes on behind the NIC that its predecessor served last; the state of another plugin is left alone.
   *
   * @throws TypeError for a state of round robin that names no NIC.
   */
  importState(state: unknown, from: StateOrigin): undefined {
    if (from.name !== 'round-robin') return;
    const { last } = (state ?? {}) as { last?: unknown };
    if (!(Number.isInteger(last) && (last as number) >= -1 && (last as number) < MAX_NICS))
      throw new TypeError('no NIC was served last');
    this.#before = last as number;
  }

  #last(): number {
    const { nic, length } = this.#turn;
    return length === 0 ? this.#before : nic[this.#place === 0 ? length - 1 : this.#place - 1];
  }

  /** The set of NICs or a speed has changed: a new turn, which goes on behind the NIC that was served last. */
  #renew(): void {
    const turn = this.#turn;
    const last = this.#last();
    if (this.#weighted) turn.fillBySpeed(this.nics);
    else turn.fillEvenly(this.nics);
    this.#place = turn.after(last);
    this.#epoch = this.nics.epoch;
  }
}

/**
 * The plugin: `distribution: { use: round-robin }`.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import roundRobin from '@fairlead/load-distribution-round-robin';
 *
 * const builder = createHost().distribute(use(roundRobin, { weighted: true }));
 * ```
 */
export default definePlugin({
  kind: 'load-distribution',
  name: 'round-robin',
  apiVersion: 1,
  options: roundRobinOptions,
  implementation: RoundRobin,
  module: import.meta.url,
});
