import {
  type AdmissionPolicy,
  definePlugin,
  type LoadDistribution,
  Nics,
  type NicTable,
  Options,
  type PluginDefinition,
  type TransmitBatch,
  Type,
} from '@fairlead/sdk';
import type { Host } from '../../src/host.ts';
import type { SwapNotice } from '../../src/succession/exchange.ts';
import { frame, macOf } from '../given/frames.ts';
import { guestOf, inlineHost } from '../given/inline-host.ts';

/** What instances of the plugins below went through, in order. */
export const diary: string[] = [];

interface CountingOptions {
  readonly name: string;
  readonly nic: number;
  readonly state: 'good' | 'none' | 'garbage' | 'throws' | 'function';
  readonly throwsAfter: number;
  readonly refuses: boolean;
}

const countingOptions = Type.Object(
  {
    name: Type.String({ default: 'a' }),
    nic: Type.Integer({ default: 0 }),
    state: Type.String({ default: 'good' }),
    throwsAfter: Type.Integer({ default: 1_000_000_000 }),
    refuses: Type.Boolean({ default: false }),
  },
  { additionalProperties: false },
);

/** Sends everything over one NIC and counts the batches, in its predecessors' time as well. */
class Counting implements LoadDistribution {
  static readonly inject = [Nics, Options];
  batches = 0;
  own = 0;

  constructor(
    private readonly nics: NicTable,
    private readonly options: CountingOptions,
  ) {
    if (options.name === 'broken') throw new Error('no way');
    diary.push(`made ${options.name}`);
  }

  select(batch: TransmitBatch): undefined {
    this.batches++;
    if (++this.own > this.options.throwsAfter) throw new Error('tired');
    batch.nic.fill(this.nics.available[this.options.nic], 0, batch.count);
  }

  exportState(): unknown {
    diary.push(`exported ${this.options.name}`);
    if (this.options.state === 'throws') throw new Error('mine');
    if (this.options.state === 'none') return undefined;
    if (this.options.state === 'function') return () => 1;
    return this.options.state === 'good' ? { batches: this.batches } : 'garbage';
  }

  importState(state: unknown, from: { name: string }): undefined {
    const { batches } = state as { batches?: unknown };
    if (this.options.refuses || typeof batches !== 'number') throw new Error('what is this?');
    diary.push(`${this.options.name} took ${batches} from ${from.name}`);
    this.batches = batches;
  }

  dispose(): undefined {
    diary.push(`disposed ${this.options.name}`);
  }
}

export const counting = definePlugin({
  kind: 'load-distribution',
  name: 'counting',
  apiVersion: 1,
  options: countingOptions,
  implementation: Counting as never,
}) as unknown as PluginDefinition<'load-distribution'>;

/** Drops nothing, and makes every VM wait for a while now and then. */
class Fickle implements AdmissionPolicy {
  static readonly inject = [Options];
  #calls = 0;
  constructor(private readonly options: { every: number }) {}
  admit(batch: TransmitBatch): undefined {
    if (++this.#calls % this.options.every === 0) batch.queueFrom(batch.count >> 1, batch.nowUs + 120);
  }
}

export const fickle = definePlugin({
  kind: 'admission',
  name: 'fickle',
  apiVersion: 1,
  options: Type.Object({ every: Type.Integer({ default: 2 }) }),
  implementation: Fickle as never,
}) as unknown as PluginDefinition<'admission'>;

export const named = (name: string, more: Partial<CountingOptions> = {}) => ({
  definition: counting,
  options: { name, ...more },
});

export async function hostOf(change: object = {}): Promise<{ host: Host; swaps: SwapNotice[]; faults: string[] }> {
  diary.length = 0;
  const host = await inlineHost({ distribution: { use: 'counting' }, ...change }, [counting]);
  const swaps: SwapNotice[] = [];
  const faults: string[] = [];
  host.on('swap', (notice) => swaps.push(notice));
  host.on('fault', ({ plugin, fallback }) => faults.push(`${plugin}, then ${fallback}`));
  return { host, swaps, faults };
}

let mark = 0;
export function send(host: Host, count = 1, vm = 0): void {
  for (let i = 0; i < count; i++) guestOf(host, `vm${vm}`).send(frame({ from: macOf(vm), mark: mark++ }));
  host.run(100);
}

export const sentBy = (host: Host): number[] => ['nic0', 'nic1'].map((nic) => host.nics.status(nic).txFrames);
