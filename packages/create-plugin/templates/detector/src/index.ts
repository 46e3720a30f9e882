import type { Detector, ObservedBatch, Signal, Static, VmTable } from '@fairlead/sdk';
import { definePlugin, inject, Microseconds, Options, Type, Vms } from '@fairlead/sdk';

export const myPluginOptions = Type.Object(
  {
    framesPerSecond: Type.Integer({
      default: 100_000,
      minimum: 1,
      description: 'Frames towards one VM in one second beyond which it counts as attacked.',
    }),
    graceUs: Microseconds({
      default: 10_000,
      minimum: 1,
      description: 'Shortest time over which a rate is worked out.',
    }),
  },
  { additionalProperties: false },
);

/** Raises an `attack` signal for a VM that more frames come in for than anyone wants. */
export class MyPlugin implements Detector {
  /** Inbound frames of each VM since the last judgement. Made once: `observe` must not allocate. */
  readonly #frames: Float64Array;
  #judgedUs = 0;

  constructor(
    @inject(Vms) vms: VmTable,
    @inject(Options) private readonly options: Static<typeof myPluginOptions>,
  ) {
    this.#frames = new Float64Array(vms.count);
  }

  observe(batch: ObservedBatch): undefined {
    if (batch.direction === 'inbound') this.#frames[batch.vm] = this.#frames[batch.vm] + batch.count * batch.weight;
  }

  judge(nowUs: number): readonly Signal[] {
    const seconds = (nowUs - this.#judgedUs) / 1e6;
    // After a clock that was set back there is no time to divide by; the counts go on.
    if (seconds < 0) this.#judgedUs = nowUs;
    if (seconds * 1e6 < this.options.graceUs) return [];
    const limit = this.options.framesPerSecond;
    const signals: Signal[] = [];
    for (const [vm, frames] of this.#frames.entries()) {
      const framesPerSecond = frames / seconds;
      if (framesPerSecond <= limit) continue;
      // Twice the limit is beyond doubt.
      const confidence = Math.min(1, framesPerSecond / (2 * limit));
      signals.push({ kind: 'attack', vm, atUs: nowUs, confidence, evidence: { framesPerSecond, limit } });
    }
    this.#frames.fill(0);
    this.#judgedUs = nowUs;
    return signals;
  }
}

export default definePlugin({
  kind: 'detector',
  name: 'my-plugin',
  apiVersion: 1,
  options: myPluginOptions,
  implementation: MyPlugin,
  module: import.meta.url,
});
