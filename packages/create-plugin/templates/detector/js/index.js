import { definePlugin, Microseconds, Options, Type, Vms } from '@fairlead/sdk';

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
export class MyPlugin {
  /** What the constructor is given, in the order of its parameters. */
  static inject = [Vms, Options];

  /** Inbound frames of each VM since the last judgement. Made once: `observe` must not allocate. */
  #frames;
  #judgedUs = 0;
  #options;

  /**
   * @param {import('@fairlead/sdk').VmTable} vms
   * @param {import('@fairlead/sdk').Static<typeof myPluginOptions>} options
   */
  constructor(vms, options) {
    this.#frames = new Float64Array(vms.count);
    this.#options = options;
  }

  /**
   * @param {import('@fairlead/sdk').ObservedBatch} batch
   * @returns {undefined}
   */
  observe(batch) {
    if (batch.direction === 'inbound') this.#frames[batch.vm] = this.#frames[batch.vm] + batch.count * batch.weight;
  }

  /**
   * @param {number} nowUs
   * @returns {readonly import('@fairlead/sdk').Signal[]}
   */
  judge(nowUs) {
    const seconds = (nowUs - this.#judgedUs) / 1e6;
    // After a clock that was set back there is no time to divide by; the counts go on.
    if (seconds < 0) this.#judgedUs = nowUs;
    if (seconds * 1e6 < this.#options.graceUs) return [];
    const limit = this.#options.framesPerSecond;
    /** @type {import('@fairlead/sdk').Signal[]} */
    const signals = [];
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
