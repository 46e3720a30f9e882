import { COST_NUMBERS, costRows, type MemoryShape } from './layout.ts';

/** Hooks of the data path whose cost is sampled. */
export type SampledHook = 'admit' | 'sweep' | 'select' | 'observe' | 'send' | 'receive';

/**
 * What the calls of one hook cost on one worker, by samples, since the plugin that serves took its place.
 *
 * @example
 * ```ts
 * import type { HookCost, SampledHook } from '@fairlead/core';
 *
 * const slowest = (costs: readonly HookCost[], hook: SampledHook) =>
 *   Math.max(...costs.filter((cost) => cost.hook === hook).map(({ p99Us }) => p99Us));
 * console.log(slowest(host.costs(), 'admit'));
 * ```
 */
export interface HookCost {
  /** Number of the forwarding worker. */
  readonly worker: number;
  /** Name of the plugin. */
  readonly plugin: string;
  /** The hook that was called. */
  readonly hook: SampledHook;
  /** NIC number of a driver's hook; -1 of a policy's or a detector's. */
  readonly nic: number;
  /** Calls that were measured; the others cost nothing to count and are not. */
  readonly samples: number;
  /** Mean of the sampled calls, in microseconds. */
  readonly meanUs: number;
  /** Half of the sampled calls took no longer, as far as a histogram by powers of two can tell. */
  readonly p50Us: number;
  /** Of a hundred sampled calls one took longer, with the same roughness. */
  readonly p99Us: number;
  /** The longest sampled call, in microseconds. */
  readonly maxUs: number;
}

const Field = { Samples: 0, TotalNs: 1, MaxNs: 2, NameLength: 3, Name: 4, Buckets: 12 } as const;
const NAME_BYTES = (Field.Buckets - Field.Name) * 8;
/** Bucket k counts calls of 2^k to 2^(k+1) ns; the last one everything from 134 ms on. */
const BUCKETS = COST_NUMBERS - Field.Buckets;
const POLICY_HOOKS = ['admit', 'sweep', 'select'] as const;

/**
 * What the plugins' calls cost, in shared memory: a row for each worker and hook, written by that worker alone.
 *
 * ```
 *  samples │ total ns │ max ns │ length of name │ name, 64 bytes │ 28 counts: 1 ns, 2 ns, 4 ns … 134 ms and more
 * ```
 *
 * A reader may see a sample half counted; the figures are rough by design and nothing is decided by them here.
 */
export class CostTable {
  readonly #memory: SharedArrayBuffer;
  readonly #byteOffset: number;
  readonly #shape: Pick<MemoryShape, 'workers' | 'nics' | 'detectors'>;
  readonly #rows: number;

  constructor(
    memory: SharedArrayBuffer,
    byteOffset: number,
    shape: Pick<MemoryShape, 'workers' | 'nics' | 'detectors'>,
  ) {
    this.#memory = memory;
    this.#byteOffset = byteOffset;
    this.#shape = shape;
    this.#rows = costRows(shape);
  }

  /** `number` is that of the NIC, or of the detector. */
  row(worker: number, hook: SampledHook, number = 0): CostRow {
    const policy = POLICY_HOOKS.indexOf(hook as never);
    const behind = hook === 'observe' ? 2 * this.#shape.nics + number : 2 * number + (hook === 'receive' ? 1 : 0);
    const index = policy >= 0 ? policy : POLICY_HOOKS.length + behind;
    const at = this.#byteOffset + (worker * this.#rows + index) * COST_NUMBERS * 8;
    return new CostRow(this.#memory, at);
  }

  /** Every row that has a sample. */
  read(): HookCost[] {
    const all: HookCost[] = [];
    const { workers, nics, detectors = 0 } = this.#shape;
    const add = (worker: number, hook: SampledHook, nic: number, number = nic): void => {
      const summary = this.row(worker, hook, number).summary();
      if (summary.samples > 0) all.push({ worker, hook, nic, ...summary });
    };
    for (let worker = 0; worker < workers; worker++) {
      for (const hook of POLICY_HOOKS) add(worker, hook, -1);
      for (let detector = 0; detector < detectors; detector++) add(worker, 'observe', -1, detector);
      for (let nic = 0; nic < nics; nic++) {
        add(worker, 'send', nic);
        add(worker, 'receive', nic);
      }
    }
    return all;
  }
}

/** One row of the table. */
export class CostRow {
  readonly #numbers: Float64Array;
  readonly #name: Uint8Array;

  constructor(memory: SharedArrayBuffer, byteOffset: number) {
    this.#numbers = new Float64Array(memory, byteOffset, COST_NUMBERS);
    this.#name = new Uint8Array(memory, byteOffset + Field.Name * 8, NAME_BYTES);
  }

  /** Begins anew, for another plugin. */
  begin(plugin: string): void {
    const name = Buffer.from(plugin).subarray(0, NAME_BYTES);
    this.#numbers.fill(0);
    this.#name.set(name);
    this.#numbers[Field.NameLength] = name.length;
  }

  add(ns: number): void {
    const numbers = this.#numbers;
    numbers[Field.Samples]++;
    numbers[Field.TotalNs] += ns;
    if (ns > numbers[Field.MaxNs]) numbers[Field.MaxNs] = ns;
    const whole = ns >= 2 ** 31 ? 2 ** 31 - 1 : ns | 0;
    const bucket = whole < 1 ? 0 : 31 - Math.clz32(whole);
    numbers[Field.Buckets + (bucket < BUCKETS ? bucket : BUCKETS - 1)]++;
  }

  summary(): Omit<HookCost, 'worker' | 'hook' | 'nic'> {
    const numbers = this.#numbers;
    const samples = numbers[Field.Samples];
    return {
      plugin: Buffer.from(this.#name.slice(0, numbers[Field.NameLength])).toString(),
      samples,
      meanUs: samples === 0 ? 0 : numbers[Field.TotalNs] / samples / 1000,
      p50Us: this.#quantileNs(0.5) / 1000,
      p99Us: this.#quantileNs(0.99) / 1000,
      maxUs: numbers[Field.MaxNs] / 1000,
    };
  }

  /** Within its bucket a quantile is taken to lie in proportion; it is never more than the longest call. */
  #quantileNs(share: number): number {
    const numbers = this.#numbers;
    const rank = share * numbers[Field.Samples];
    let below = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const count = numbers[Field.Buckets + bucket];
      if (count > 0 && below + count >= rank) {
        const ns = 2 ** bucket * (1 + (rank - below) / count);
        return Math.min(ns, numbers[Field.MaxNs]);
      }
      below += count;
    }
    return numbers[Field.MaxNs];
  }
}
