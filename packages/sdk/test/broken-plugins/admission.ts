import {
  type AdmissionPolicy,
  DropReason,
  definePlugin,
  type Explanation,
  Nics,
  type NicTable,
  Options,
  type OptionsSchema,
  type PluginClass,
  type PluginDefinition,
  type Token,
  type TransmitBatch,
  Type,
  Verdict,
  Vms,
  type VmTable,
} from '../../src/index.ts';
import type { BrokenPlugins } from './broken-plugin.ts';

const none = Type.Object({}, { additionalProperties: false });

function named(
  name: string,
  implementation: PluginClass<AdmissionPolicy>,
  options: OptionsSchema = none,
): PluginDefinition {
  const plugin = definePlugin({ kind: 'admission', name, apiVersion: 1, options, implementation });
  return plugin as unknown as PluginDefinition;
}

/** A plugin from what it does with a batch; `also` are its other hooks. */
function admitting(
  make: (nics: NicTable, vms: VmTable) => (batch: TransmitBatch) => unknown,
  also: Partial<AdmissionPolicy> = {},
): () => PluginDefinition {
  return () =>
    named(
      'broken',
      class {
        static readonly inject = [Nics, Vms];
        readonly admit: AdmissionPolicy['admit'];
        constructor(nics: NicTable, vms: VmTable) {
          this.admit = make(nics, vms) as AdmissionPolicy['admit'];
          Object.assign(this, also);
        }
      },
    );
}

/** A token bucket for each VM, whose parts a broken one replaces. */
class Bucket implements AdmissionPolicy {
  static readonly inject: readonly Token<unknown>[] = [Vms];
  protected tokens: Float64Array;
  protected readonly thenUs: Float64Array;
  constructor(protected readonly vms: VmTable) {
    this.tokens = Float64Array.from(vms.burstBytes);
    this.thenUs = new Float64Array(vms.count);
  }

  admit(batch: TransmitBatch): undefined {
    const { tokens, vms } = this;
    const { vm, nowUs } = batch;
    if (vms.limitBps[vm] === Number.POSITIVE_INFINITY) return;
    const bytesPerUs = this.bytesPerUs(vm);
    const elapsedUs = this.elapsedUs(nowUs, this.thenUs[vm]);
    tokens[vm] = Math.min(vms.burstBytes[vm], tokens[vm] + elapsedUs * bytesPerUs);
    this.thenUs[vm] = nowUs;
    for (let i = 0; i < batch.count; i++) {
      if (batch.bytes[i] > tokens[vm]) {
        const waitUs = Math.ceil((batch.bytes[i] - tokens[vm]) / bytesPerUs) + 1;
        this.wait(batch, i, waitUs);
        return;
      }
      tokens[vm] -= batch.bytes[i];
    }
  }

  arrive(vm: number, nowUs: number): undefined {
    this.tokens[vm] = 0;
    this.thenUs[vm] = nowUs;
  }

  protected bytesPerUs(vm: number): number {
    return this.vms.limitBps[vm] / 8e6;
  }

  protected elapsedUs(nowUs: number, thenUs: number): number {
    return Math.max(0, nowUs - thenUs);
  }

  protected wait(batch: TransmitBatch, i: number, waitUs: number): void {
    batch.queueFrom(i, batch.nowUs + waitUs);
  }

  exportState(): unknown {
    return { tokens: this.tokens };
  }

  importState(state: unknown): undefined {
    const tokens = (state as { tokens?: unknown } | null)?.tokens;
    if (!(tokens instanceof Float64Array) || tokens.length !== this.vms.count) throw new TypeError('not my state');
    // What does not go with the VM's burst is not believed.
    for (const [vm, bytes] of tokens.entries())
      if (bytes >= 0 && bytes <= this.vms.burstBytes[vm]) this.tokens[vm] = bytes;
  }
}

const slotsOptions = Type.Object({ slots: Type.Integer({ default: 4, minimum: 0, maximum: 64 }) });

/** Keeps the last so many lengths. */
class Slots extends Bucket {
  static override readonly inject = [Vms, Options];
  constructor(vms: VmTable, options: { slots: number }) {
    super(vms);
    if (options.slots === 0) throw new TypeError("cannot read properties of undefined (reading 'bytes')");
  }
}

export const admission: BrokenPlugins = {
  right: [() => named('bucket', Bucket), admitting(() => () => undefined)],
  broken: [
    {
      law: 'starts with an empty configuration, and with every option at its bounds',
      mistake: 'it does not start with no slots, which its schema allows',
      plugin: () => named('broken', Slots, slotsOptions),
    },
    {
      law: 'admits every frame of VMs without a limit',
      mistake: 'it drops when many frames wait',
      plugin: admitting(() => (batch) => {
        if (batch.backlog > 40) batch.drop(0, DropReason.Policed);
      }),
    },
    {
      law: 'decides on every frame within four times what the limits take',
      mistake: 'it earns per byte what it should per bit, and less',
      plugin: () =>
        named(
          'broken',
          class extends Bucket {
            override bytesPerUs(vm: number): number {
              return super.bytesPerUs(vm) / 20;
            }
          },
        ),
    },
    {
      law: 'takes a clock that stands still or leaps by hours',
      mistake: 'its times are differences in 32 bits: negative after 35 minutes',
      plugin: () =>
        named(
          'broken',
          class extends Bucket {
            override elapsedUs(nowUs: number, thenUs: number): number {
              return (nowUs - thenUs) | 0;
            }
          },
        ),
    },
    {
      law: 'goes on when NICs leave, return and change speed',
      mistake: 'it waits for the NICs that were there at the start',
      plugin: admitting((nics) => {
        const atTheStart = nics.availableCount;
        return (batch) => {
          if (nics.availableCount < atTheStart) batch.queueFrom(0, 0);
        };
      }),
    },
    {
      law: 'serves batches of 1 to 256 frames',
      mistake: 'it has a cell for each of 64 frames',
      plugin: admitting(() => {
        const cost = new Float64Array(64);
        return (batch) => {
          for (let i = 0; i < batch.count; i++) if (!(cost[i] < 1)) batch.queueFrom(0, 0);
        };
      }),
    },
    {
      law: 'answers undefined, at once',
      mistake: 'its admit is async',
      plugin: admitting(() => async () => undefined),
    },
    {
      law: 'speaks through queueFrom and drop alone',
      mistake: 'it writes a verdict itself',
      plugin: admitting(() => (batch) => {
        if (batch.count > 3) batch.verdict[3] = Verdict.Queue;
      }),
    },
    {
      law: 'wants to be asked again later, or at the next sweep',
      mistake: 'it wants to be asked again at this same time',
      plugin: () =>
        named(
          'broken',
          class extends Bucket {
            override wait(batch: TransmitBatch, i: number): void {
              batch.queueFrom(i, batch.nowUs);
            }
          },
        ),
    },
    {
      law: 'leaves the tables to their writers',
      mistake: 'it counts the transmitted bytes into the table',
      plugin: admitting((_nics, vms) => (batch) => {
        vms.transmittedBytes[batch.vm] += batch.bytes[0];
      }),
    },
    {
      law: 'gives a VM that arrives nothing for it',
      mistake: 'it fills the bucket of a VM that has come: each move is a burst',
      plugin: () =>
        named(
          'broken',
          class extends Bucket {
            override arrive(vm: number): undefined {
              this.tokens[vm] = this.vms.burstBytes[vm];
            }
          },
        ),
    },
    {
      law: 'charges nothing for a frame that waits',
      mistake: 'it charges for a frame that is asked about before its time',
      plugin: () =>
        named(
          'broken',
          class extends Bucket {
            readonly #retryAtUs = new Float64Array(this.vms.count);
            override wait(batch: TransmitBatch, i: number, waitUs: number): void {
              if (batch.nowUs < this.#retryAtUs[batch.vm]) this.tokens[batch.vm] -= batch.bytes[i];
              this.#retryAtUs[batch.vm] = batch.nowUs + waitUs;
              super.wait(batch, i, waitUs);
            }
          },
        ),
    },
    {
      law: 'decides alike whenever it is made again with the same seed',
      mistake: 'it counts in a variable of its module',
      plugin: () => {
        let asked = 0;
        return admitting(() => (batch) => {
          if (asked++ % 5 === 0) batch.queueFrom(0, 0);
        })();
      },
    },
    {
      law: 'keeps nothing of the batch',
      mistake: 'it keeps the batch and reads it at the next one',
      plugin: admitting(() => {
        let kept: TransmitBatch | undefined;
        let asked = 0;
        return (batch) => {
          // Every second time at most: the frames must go some day.
          if (asked++ % 2 === 1 && kept?.bytes[0] === 1514) batch.queueFrom(0, 0);
          kept ??= batch;
        };
      }),
    },
    {
      law: 'decides alike in two instances, which share nothing',
      mistake: 'its counters are in its module, and made new by each constructor',
      plugin: () => {
        let asked = 0;
        return admitting(() => {
          asked = 0;
          return (batch) => {
            if (asked++ % 5 === 0) batch.queueFrom(0, 0);
          };
        })();
      },
    },
    {
      law: 'leaves nothing behind when it is disposed of',
      mistake: 'it closes for good what all instances use',
      plugin: () => {
        let closed = false;
        const dispose = (): undefined => void (closed = true);
        return admitting(
          () => (batch) => {
            if (closed && batch.count > 1) batch.queueFrom(1, 0);
          },
          { dispose },
        )();
      },
    },
    {
      law: 'explains what it has decided, and nothing comes of it',
      mistake: 'it says nothing of frames that go',
      plugin: admitting(() => () => undefined, { explain: () => ({ why: '' }) }),
    },
    {
      law: 'explains what it has decided, and nothing comes of it',
      mistake: 'it takes a frame that it explains for one that it was asked about',
      plugin: () => {
        return named(
          'broken',
          class {
            #explained = 0;
            admit(batch: TransmitBatch): undefined {
              if (this.#explained > 0) batch.queueFrom(0, batch.nowUs + 1);
              this.#explained = 0;
            }
            explain(): Explanation {
              this.#explained++;
              return { why: 'it may' };
            }
          },
        );
      },
    },
    {
      law: 'hands its state to a successor, which goes on',
      mistake: 'it exports a function',
      plugin: admitting(() => () => undefined, { exportState: () => ({ next: () => 0 }) }),
    },
    {
      law: 'refuses a state that is nonsense, or serves on in spite of it',
      mistake: 'it takes what another version wrote for its own',
      plugin: () =>
        named(
          'broken',
          class extends Bucket {
            override importState(state: unknown): undefined {
              this.tokens = (state as { tokens: Float64Array }).tokens;
            }
          },
        ),
    },
  ],
};
