/** Which plugin a handed-over state comes from. */
export interface StateOrigin {
  /** Name of the plugin, within the same kind. */
  readonly name: string;
}

/**
 * What a plugin of the data path may have beside its kernels, so that another version of it, other options, or another
 * plugin can take its place while the host runs. Control path: never called between the batches of one sweep.
 *
 * The host makes the successor, asks the plugin that serves for its state, offers it to the successor, and only then
 * lets the successor decide. Frames wait in their VMs' rings meanwhile; none is lost.
 *
 * @example
 * ```ts
 * import { inject, type Lifecycle, type StateOrigin, type TransmitBatch, Vms, type VmTable } from '@fairlead/sdk';
 *
 * // Counts each VM's frames, and goes on counting in its successor.
 * class Counting implements Lifecycle {
 *   #frames: Float64Array;
 *
 *   constructor(@inject(Vms) vms: VmTable) {
 *     this.#frames = new Float64Array(vms.count);
 *   }
 *
 *   admit(batch: TransmitBatch): undefined {
 *     this.#frames[batch.vm] += batch.count;
 *   }
 *
 *   exportState(): unknown {
 *     return { version: 1, frames: this.#frames };
 *   }
 *
 *   importState(state: unknown, from: StateOrigin): undefined {
 *     const { version, frames } = state as { version?: unknown; frames?: unknown };
 *     if (version !== 1 || !(frames instanceof Float64Array) || frames.length !== this.#frames.length) {
 *       throw new Error(`the state of ${from.name} is not one of counts`);
 *     }
 *     this.#frames = frames;
 *   }
 * }
 * ```
 */
export interface Lifecycle {
  /**
   * What the successor needs to go on where this one stopped: a value that `structuredClone` accepts. Called once, after
   * the last batch. A throw, or no such hook, means that the successor starts afresh.
   */
  exportState?(): unknown;
  /**
   * Takes the state of a predecessor, before the first batch. The value is not to be trusted: another version, or
   * another plugin, may have written it. A throw means that this instance is thrown away and another one starts afresh.
   */
  importState?(state: unknown, from: StateOrigin): undefined;
  /**
   * Gives back what the constructor took. Called once, after the last batch: when another one has its place, and when the
   * host is closed at the latest. Nothing is called after it; who does not return within two seconds is not waited for.
   */
  dispose?(): undefined;
}
