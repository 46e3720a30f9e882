import {
  type Detector,
  definePlugin,
  type ObservedBatch,
  Options,
  type OptionsSchema,
  type PluginClass,
  type PluginDefinition,
  type Signal,
  type Token,
  Type,
  Vms,
  type VmTable,
} from '../../src/index.ts';
import type { BrokenPlugins } from './broken-plugin.ts';

const none = Type.Object({}, { additionalProperties: false });

function named(name: string, implementation: PluginClass<Detector>, options: OptionsSchema = none): PluginDefinition {
  const plugin = definePlugin({ kind: 'detector', name, apiVersion: 1, options, implementation });
  return plugin as unknown as PluginDefinition;
}

/** More frames of a VM in one window than this are an attack. */
const FRAMES_IN_PEACE = 500;

/** Counts the frames of each VM in a window; a broken one replaces a part. */
class Volume implements Detector {
  static readonly inject: readonly Token<unknown>[] = [Vms];
  protected frames: Float64Array;

  constructor(protected readonly vms: VmTable) {
    this.frames = new Float64Array(vms.count);
  }

  observe({ vm, count, weight }: ObservedBatch): undefined {
    this.frames[vm] += count * weight;
  }

  judge(nowUs: number): readonly Signal[] {
    const signals: Signal[] = [];
    for (const [vm, frames] of this.frames.entries()) {
      if (frames > FRAMES_IN_PEACE) signals.push(this.signal(vm, frames, nowUs));
    }
    this.frames.fill(0);
    return signals;
  }

  protected signal(vm: number, frames: number, atUs: number): Signal {
    const confidence = Math.min(1, frames / (10 * FRAMES_IN_PEACE));
    return { kind: 'attack', vm, atUs, confidence, evidence: { frames } };
  }

  exportState(): unknown {
    return { frames: this.frames };
  }

  importState(state: unknown): undefined {
    const frames = (state as { frames?: unknown } | null)?.frames;
    const fits = frames instanceof Float64Array && frames.length === this.vms.count;
    if (!fits || frames.some((count) => !(count >= 0 && count < 1e15))) throw new TypeError('not my state');
    this.frames = frames;
  }
}

type Sight = (batch: ObservedBatch, detector: { readonly vms: VmTable }) => unknown;

/** A volume detector that does something more with each batch. */
function observing(makeSight: () => Sight): PluginDefinition {
  return named(
    'broken',
    class extends Volume {
      readonly #sight = makeSight();
      override observe(batch: ObservedBatch): undefined {
        super.observe(batch);
        return this.#sight(batch, this as unknown as { vms: VmTable }) as undefined;
      }
    },
  );
}

/** A volume detector that adds to its confidence. */
function weighing(makeWeight: () => () => number, dispose?: () => undefined): PluginDefinition {
  return named(
    'broken',
    class extends Volume {
      readonly #weight = makeWeight();
      protected override signal(vm: number, frames: number, atUs: number): Signal {
        return { ...super.signal(vm, frames, atUs), confidence: this.#weight() };
      }
      dispose = (): undefined => dispose?.();
    },
  );
}

const windowOptions = Type.Object({ slots: Type.Integer({ default: 8, minimum: 0, maximum: 64 }) });

class Slots extends Volume {
  static override readonly inject = [Vms, Options];
  constructor(vms: VmTable, options: { slots: number }) {
    super(vms);
    if (options.slots === 0) throw new RangeError('no slot to write to');
  }
}

export const detector: BrokenPlugins = {
  right: [() => named('volume', Volume)],
  broken: [
    {
      law: 'starts with an empty configuration, and with every option at its bounds',
      mistake: 'it does not start with no slots, which its schema allows',
      plugin: () => named('broken', Slots, windowOptions),
    },
    {
      law: 'raises well-formed signals',
      mistake: 'its confidence grows beyond certainty',
      plugin: () => weighing(() => () => 1.5),
    },
    {
      law: 'observes at once, and answers undefined',
      mistake: 'it returns the signals it would raise',
      plugin: () => observing(() => () => []),
    },
    {
      law: 'leaves the frames as they are',
      mistake: 'it marks the frames that it has counted',
      plugin: () =>
        observing(() => ({ frames }) => {
          frames.memory[frames.offset[0]] |= 1;
          frames.memory[frames.offset[0]] ^= 1;
          frames.memory[frames.offset[0] + 5] ^= 0xff;
        }),
    },
    {
      law: 'leaves the tables to their writers',
      mistake: 'it counts received frames into the table',
      plugin: () =>
        observing(() => ({ vm, frames }, { vms }) => {
          vms.rxFrames[vm] += frames.count;
        }),
    },
    {
      law: 'survives any frame of 0 to 2048 bytes',
      mistake: 'it reads the header without looking at the length',
      plugin: () =>
        observing(() => ({ frames }) => {
          for (let i = 0; i < frames.count; i++) {
            const from = frames.offset[i] + 26;
            new DataView(frames.memory.buffer, from, frames.bytes[i] - 26).getInt32(0);
          }
        }),
    },
    {
      law: 'observes bursts of 1 to 256 frames',
      mistake: 'it has a cell for each of 200 frames',
      plugin: () =>
        observing(() => {
          const lengths: number[] = Array(200).fill(0);
          return ({ frames }) => {
            for (let i = 0; i < frames.count; i++) {
              if (lengths[i] === undefined) throw new RangeError(`no cell for frame ${i}`);
              lengths[i] = frames.bytes[i];
            }
          };
        }),
    },
    {
      law: 'takes a clock that stands still or leaps by hours',
      mistake: 'it divides by the time since the window before',
      plugin: () =>
        named(
          'broken',
          class extends Volume {
            #thenUs = 0;
            override judge(nowUs: number): readonly Signal[] {
              const perUs = this.frames[0] / (nowUs - this.#thenUs);
              this.#thenUs = nowUs;
              return Number.isFinite(perUs) ? super.judge(nowUs) : [super.signal(0, perUs, nowUs)];
            }
          },
        ),
    },
    {
      law: 'raises nothing while all is quiet',
      mistake: 'it takes the first ARP for a scan',
      plugin: () =>
        named(
          'broken',
          class extends Volume {
            override judge(nowUs: number): readonly Signal[] {
              const [frames] = this.frames;
              return frames > 0 && frames < 3 ? [super.signal(0, frames, nowUs)] : super.judge(nowUs);
            }
          },
        ),
    },
    {
      law: 'says of slices of time what it says of all frames, to a factor of two',
      mistake: 'it takes one frame of each batch for as many as it stands for',
      plugin: () =>
        named(
          'broken',
          class extends Volume {
            override observe({ vm, count, weight }: ObservedBatch): undefined {
              this.frames[vm] += count - 1 + weight;
            }
          },
        ),
    },
    {
      law: 'keeps no more of four times as many sources',
      mistake: 'it has an entry for every address it ever saw',
      plugin: () =>
        named(
          'broken',
          class extends Volume {
            readonly #sources = new Map<number, number>();
            override observe(batch: ObservedBatch): undefined {
              super.observe(batch);
              const { count, memory, offset } = batch.frames;
              for (let i = 0; i < count; i++) {
                const at = offset[i] + 8;
                const source = (memory[at] << 24) | (memory[at + 1] << 16) | (memory[at + 2] << 8) | memory[at + 3];
                this.#sources.set(source, (this.#sources.get(source) ?? 0) + 1);
              }
            }
            override exportState(): unknown {
              return { frames: this.frames, sources: this.#sources };
            }
          },
        ),
    },
    {
      law: 'decides alike whenever it is made again with the same seed',
      mistake: 'it counts in a variable of its module',
      plugin: () => {
        let raised = 0;
        return weighing(() => () => 1 / ++raised);
      },
    },
    {
      law: 'keeps nothing of the batch',
      mistake: 'it keeps the first batch and reads it when it judges',
      plugin: () =>
        named(
          'broken',
          class extends Volume {
            #kept: ObservedBatch | undefined;
            override observe(batch: ObservedBatch): undefined {
              super.observe(batch);
              this.#kept ??= batch;
            }
            protected override signal(vm: number, frames: number, atUs: number): Signal {
              return { ...super.signal(vm, frames, atUs), evidence: { frames: this.#kept?.frames.bytes[0] ?? 0 } };
            }
          },
        ),
    },
    {
      law: 'decides alike in two instances, which share nothing',
      mistake: 'its counters are in its module, and made new by each constructor',
      plugin: () => {
        let raised = 0;
        return weighing(() => {
          raised = 0;
          return () => 1 / ++raised;
        });
      },
    },
    {
      law: 'leaves nothing behind when it is disposed of',
      mistake: 'it closes for good what all instances use',
      plugin: () => {
        let closed = false;
        return weighing(
          () => () => (closed ? 0 : 1),
          () => void (closed = true),
        );
      },
    },
    {
      law: 'hands its state to a successor, which goes on',
      mistake: 'it exports a function',
      plugin: () =>
        named(
          'broken',
          class extends Volume {
            override exportState(): unknown {
              return { frames: () => this.frames };
            }
          },
        ),
    },
    {
      law: 'refuses a state that is nonsense, or serves on in spite of it',
      mistake: 'it takes what another version wrote for its own',
      plugin: () =>
        named(
          'broken',
          class extends Volume {
            override importState(state: unknown): undefined {
              this.frames = (state as { frames: Float64Array }).frames;
            }
          },
        ),
    },
  ],
};
