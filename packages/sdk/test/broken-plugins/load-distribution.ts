import {
  type Clock,
  definePlugin,
  type Explanation,
  type LoadDistribution,
  Nics,
  type NicTable,
  Options,
  type OptionsSchema,
  type PluginClass,
  type PluginDefinition,
  type PluginNeed,
  Time,
  type Token,
  type TransmitBatch,
  Type,
  Verdict,
} from '../../src/index.ts';
import type { BrokenPlugins } from './broken-plugin.ts';

const none = Type.Object({}, { additionalProperties: false });

function named(
  name: string,
  implementation: PluginClass<LoadDistribution>,
  options: OptionsSchema = none,
  needs: readonly PluginNeed[] = [],
): PluginDefinition {
  const plugin = definePlugin({ kind: 'load-distribution', name, apiVersion: 1, options, implementation, needs });
  return plugin as unknown as PluginDefinition;
}

type Parts = [nics: NicTable, clock: Clock];
type Select = (batch: TransmitBatch) => unknown;

/** A plugin from what it does with a batch; `also` are its other hooks. */
function selecting(
  make: (...parts: Parts) => Select,
  also: (instance: { nics: NicTable }) => Partial<LoadDistribution> = () => ({}),
  needs: readonly PluginNeed[] = [],
): () => PluginDefinition {
  return () =>
    named(
      'broken',
      class {
        static readonly inject = [Nics, Time];
        readonly select: LoadDistribution['select'];
        constructor(
          readonly nics: NicTable,
          clock: Clock,
        ) {
          this.select = make(nics, clock) as LoadDistribution['select'];
          Object.assign(this, also(this));
        }
      },
      none,
      needs,
    );
}

function fill(batch: TransmitBatch, nic: number): void {
  batch.nic.fill(nic, 0, batch.count);
}

/** NICs in turn, with a state that is handed over and checked. */
class Turns implements LoadDistribution {
  static readonly inject: readonly Token<unknown>[] = [Nics];
  #next = 0;
  constructor(readonly nics: NicTable) {}
  select(batch: TransmitBatch): undefined {
    const { available, availableCount } = this.nics;
    for (let i = 0; i < batch.count; i++) batch.nic[i] = available[this.#next++ % availableCount];
  }
  exportState(): unknown {
    return { next: this.#next };
  }
  importState(state: unknown): undefined {
    const next = (state as { next?: unknown } | null)?.next;
    if (typeof next !== 'number' || !Number.isSafeInteger(next) || next < 0) throw new TypeError('not my state');
    this.#next = next;
  }
}

/** Takes any state for its own. */
class Trusting extends Turns {
  next = 0;
  override select(batch: TransmitBatch): undefined {
    for (let i = 0; i < batch.count; i++) batch.nic[i] = this.nics.available[this.next++ % this.nics.availableCount];
  }
  override exportState(): unknown {
    return { next: this.next };
  }
  override importState(state: unknown): undefined {
    this.next = (state as { next: number }).next;
  }
}

const slotsOptions = Type.Object({ slots: Type.Integer({ default: 4, minimum: 1, maximum: 2 ** 53 - 1 }) });

/** One slot for each of as many frames as the options say. */
class Slots extends Turns {
  static override readonly inject = [Nics, Options];
  readonly slots: Int32Array;
  constructor(nics: NicTable, options: { slots: number }) {
    super(nics);
    this.slots = new Int32Array(options.slots);
  }
}

/** One NIC for each type of frames, as `typeOf` reads it. */
function byType(typeOf: (batch: TransmitBatch, i: number) => number): () => PluginDefinition {
  const choose = (nics: NicTable) => (batch: TransmitBatch) => {
    for (let i = 0; i < batch.count; i++) batch.nic[i] = nics.available[typeOf(batch, i) % nics.availableCount];
  };
  return selecting(choose, undefined, ['headers']);
}

export const loadDistribution: BrokenPlugins = {
  right: [
    () => named('turns', Turns),
    selecting((nics) => (batch) => fill(batch, nics.available[0])),
    byType(({ bytes, offset, memory }, i) => (bytes[i] < 14 ? 0 : memory[offset[i] + 13])),
  ],
  broken: [
    {
      law: 'starts with an empty configuration, and with every option at its bounds',
      mistake: 'its schema allows more slots than an array can have',
      plugin: () => named('broken', Slots, slotsOptions),
    },
    {
      law: 'names an available NIC for every frame',
      mistake: 'it numbers the available NICs from 0, as if they were all there',
      plugin: selecting((nics) => (batch) => fill(batch, batch.vm % nics.availableCount)),
    },
    {
      law: 'goes on over the NICs that are left when some leave and return',
      mistake: 'it reads the available NICs once, in its constructor',
      plugin: selecting((nics) => {
        const atTheStart = [...nics.available.subarray(0, nics.availableCount)];
        return (batch) => fill(batch, atTheStart[batch.backlog % atTheStart.length]);
      }),
    },
    {
      law: 'goes on when the speed of a NIC changes',
      mistake: 'it looks for the NIC that was the fastest at the start',
      plugin: selecting((nics) => {
        const fastestBps = Math.max(...nics.speedBps);
        const slowestBps = Math.min(...nics.speedBps);
        return (batch) => {
          const { available, availableCount, speedBps } = nics;
          const usable = available
            .subarray(0, availableCount)
            .find((nic) => speedBps[nic] >= slowestBps && speedBps[nic] <= fastestBps);
          fill(batch, usable ?? -1);
        };
      }),
    },
    {
      law: 'goes on when the clock stands still or leaps by hours',
      mistake: 'its turn is the difference of two times in 32 bits',
      plugin: selecting((nics, clock) => (batch) => {
        fill(batch, nics.available[(clock.nowUs() | 0) % nics.availableCount]);
      }),
    },
    {
      law: 'serves 1 to 32 NICs and 1 to 256 frames of any length',
      mistake: 'its table has room for sixteen NICs',
      plugin: selecting((nics) => {
        const frames = new Uint32Array(16);
        return (batch) => {
          for (let i = 0; i < batch.count; i++) {
            let least = nics.available[0];
            for (const nic of nics.available.subarray(0, nics.availableCount)) {
              if (frames[nic] < frames[least]) least = nic;
            }
            frames[least]++;
            batch.nic[i] = least < frames.length ? least : -1;
          }
        };
      }),
    },
    {
      law: 'answers undefined, at once',
      mistake: 'its select is async',
      plugin: selecting((nics) => async (batch) => fill(batch, nics.available[0])),
    },
    {
      law: 'writes nothing behind the last frame',
      mistake: 'it fills the whole column',
      plugin: selecting((nics) => (batch) => {
        batch.nic.fill(nics.available[0]);
      }),
    },
    {
      law: 'writes nothing of the batch but the NIC',
      mistake: 'it drops frames, which is not its to decide',
      plugin: selecting((nics) => (batch) => {
        fill(batch, nics.available[0]);
        if (batch.bytes[0] > 1500) batch.verdict[0] = Verdict.Drop;
      }),
    },
    {
      law: 'writes nothing of the batch but the NIC',
      mistake: 'it marks the frames that it has seen',
      plugin: byType(({ bytes, memory, offset }, i) => (bytes[i] < 60 ? 0 : memory[offset[i] + 15]++)),
    },
    {
      law: 'reads nothing around the frames',
      mistake: 'it looks for a type in frames that are too short to have one',
      plugin: byType(({ bytes, memory, offset }, i) => memory[offset[i] + Math.max(23, bytes[i])]),
    },
    {
      law: 'leaves the tables to their writers',
      mistake: 'it counts the pending bytes of its own choice into the table',
      plugin: selecting((nics) => (batch) => {
        fill(batch, nics.available[0]);
        nics.pendingBytes[nics.available[0]] += batch.bytes[0];
      }),
    },
    {
      law: 'decides alike whenever it is made again with the same seed',
      mistake: 'it counts in a variable of its module',
      plugin: () => {
        let frames = 0;
        return selecting((nics) => (batch) => {
          frames += batch.count;
          fill(batch, nics.available[(frames >> 3) % nics.availableCount]);
        })();
      },
    },
    {
      law: 'keeps nothing of the batch',
      mistake: 'it keeps the first batch and reads it later',
      plugin: selecting((nics) => {
        let kept: TransmitBatch | undefined;
        return (batch) => {
          const before = kept?.bytes[batch.count] ?? 0;
          kept = batch;
          fill(batch, nics.available[(before & 1) % nics.availableCount]);
        };
      }),
    },
    {
      law: 'decides alike in two instances, which share nothing',
      mistake: 'its counters are in its module, and made new by each constructor',
      plugin: () => {
        let batches = 0;
        return selecting((nics) => {
          batches = 0;
          return (batch) => fill(batch, nics.available[batches++ % nics.availableCount]);
        })();
      },
    },
    {
      law: 'leaves nothing behind when it is disposed of',
      mistake: 'it closes for good what all instances use',
      plugin: () => {
        let closed = false;
        const dispose = (): undefined => void (closed = true);
        return selecting(
          (nics) => (batch) => fill(batch, nics.available[closed ? 0 : batch.count % nics.availableCount]),
          () => ({ dispose }),
        )();
      },
    },
    {
      law: 'explains what it has decided, and nothing comes of it',
      mistake: 'it finds out why by deciding again',
      plugin: () => {
        return named(
          'broken',
          class {
            static readonly inject = [Nics];
            #next = 0;
            constructor(readonly nics: NicTable) {}
            select(batch: TransmitBatch): undefined {
              fill(batch, this.nics.available[this.#next++ % this.nics.availableCount]);
            }
            explain(batch: TransmitBatch): Explanation {
              const nic = batch.nic.slice();
              this.select(batch);
              batch.nic.set(nic);
              return { why: 'the next one' };
            }
          },
        );
      },
    },
    {
      law: 'explains what it has decided, and nothing comes of it',
      mistake: 'it rejects NICs that are not available',
      plugin: selecting(
        (nics) => (batch) => fill(batch, nics.available[0]),
        () => ({ explain: () => ({ why: 'the first', rejected: new Map([[31, 'not the first']]) }) }),
      ),
    },
    {
      law: 'hands its state to a successor, which goes on',
      mistake: 'it exports a function',
      plugin: selecting(
        (nics) => (batch) => fill(batch, nics.available[0]),
        () => ({ exportState: () => ({ next: () => 0 }) }),
      ),
    },
    {
      law: 'refuses a state that is nonsense, or serves on in spite of it',
      mistake: 'it takes the number of another plugin for its own',
      plugin: () => named('broken', Trusting),
    },
  ],
};
