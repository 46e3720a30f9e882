import type { FrameBurst } from '../batch.ts';
import type { FrameHeaders } from '../frame-headers.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Signal } from './signal.ts';

/** A run of frames of one VM that passes by. The host owns it and fills it again for the next. */
export interface ObservedBatch {
  /** VM number: the sender of outbound frames, the receiver of inbound ones. */
  readonly vm: number;
  /** Which way the frames go, seen from the host. */
  readonly direction: 'inbound' | 'outbound';
  /** The clock, in microseconds. */
  readonly nowUs: number;
  /** Frames in this run, 1 to 256; as `frames.count`. */
  readonly count: number;
  /** Length of all frames together, in bytes. */
  readonly bytes: number;
  /** Frames that each frame shown stands for: 1 while all are shown, more while a busy worker shows slices of time. */
  readonly weight: number;
  /** Since when every frame of the VM has been shown, in microseconds. */
  readonly sinceUs: number;
  /** When that ends, in microseconds; infinity while all are shown. Behind it frames pass that nobody sees. */
  readonly untilUs: number;
  /** What their headers say; filled only when the plugin's definition asks for it (`needs: ['headers']`). */
  readonly headers: FrameHeaders;
  /** The frames. They are not the detector's: it reads them and keeps nothing of them. */
  readonly frames: FrameBurst;
}

/**
 * Does what passes by look like trouble? One instance per forwarding worker.
 *
 * `observe` runs in the data path under the same rules as an admission policy: no allocation, no throw, no wait. It
 * counts; it does not decide. A VM is seen in both directions by one instance, that of the worker which owns it. Inbound
 * frames pass before a full receive ring drops them; outbound ones pass once, however long they wait. Of a busy worker
 * they are shown in slices of time that are drawn: an amount is the sum of what was seen times its `weight`.
 *
 * `judge` runs in the control path, `nowUs` apart by the configured window, and turns the counts into signals; it may
 * take its time and allocate. A throw in either puts the detector aside and is reported; traffic is never affected.
 *
 * @example
 * ```ts
 * import { type Detector, inject, type ObservedBatch, type Signal, Vms, type VmTable } from '@fairlead/sdk';
 *
 * // Raises an attack when a VM receives more than 10,000 frames in a window.
 * class Flood implements Detector {
 *   readonly #frames: Float64Array;
 *
 *   constructor(@inject(Vms) vms: VmTable) {
 *     this.#frames = new Float64Array(vms.count);
 *   }
 *
 *   observe(batch: ObservedBatch): undefined {
 *     if (batch.direction === 'inbound') this.#frames[batch.vm] += batch.count * batch.weight;
 *   }
 *
 *   judge(nowUs: number): readonly Signal[] {
 *     const signals: Signal[] = [];
 *     for (const [vm, frames] of this.#frames.entries()) {
 *       if (frames > 10_000) signals.push({ kind: 'attack', vm, atUs: nowUs, confidence: 0.8, evidence: { frames } });
 *     }
 *     this.#frames.fill(0);
 *     return signals;
 *   }
 * }
 * ```
 */
export interface Detector extends Lifecycle {
  /** Called once per batch that passes, in both directions. Must leave the frames as they are. */
  observe(batch: ObservedBatch): undefined;
  /** Called once per window. Returns what is wrong now; an empty array when nothing is. */
  judge(nowUs: number): readonly Signal[];
}
