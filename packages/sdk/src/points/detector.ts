import type { FrameBurst } from '../batch.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Signal } from './signal.ts';

/** A run of frames of one VM that passes by. */
export interface ObservedBatch {
  readonly vm: number;
  readonly direction: 'inbound' | 'outbound';
  readonly nowUs: number;
  readonly frames: FrameBurst;
}

/**
 * Does what passes by look like trouble? One instance per forwarding worker.
 *
 * `observe` runs in the data path under the same rules as an admission policy: no allocation, no throw, no wait. It
 * counts; it does not decide. `judge` runs in the control path, `nowUs` apart by the configured window, and turns the
 * counts into signals; it may take its time and allocate. A throw in either puts the detector aside and is reported;
 * traffic is never affected.
 */
export interface Detector extends Lifecycle {
  /** Called once per batch that passes, in both directions. Must leave the frames as they are. */
  observe(batch: ObservedBatch): undefined;
  /** Called once per window. Returns what is wrong now; an empty array when nothing is. */
  judge(nowUs: number): readonly Signal[];
}
