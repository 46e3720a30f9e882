import { FrameBurst } from '../batch.ts';
import { FrameHeaders } from '../frame-headers.ts';
import type { ObservedBatch } from '../points/detector.ts';

/** A slot for each frame, as in a host's pool. */
const SLOT_BYTES = 2048;

/**
 * Frames of a VM on their way past a detector, with their headers read as the host reads them.
 *
 * @param frames the bytes of each frame, from its destination MAC on, at most 2048
 * @param about whose they are, and how they are shown: inbound, of VM 0, and one of one, when left out
 * @example
 * ```ts
 * import { observed } from '@fairlead/sdk/testing';
 *
 * // Ten empty frames that come in for VM 3.
 * const batch = observed(Array.from({ length: 10 }, () => new Uint8Array(60)), { vm: 3 });
 * console.log(batch.count, batch.bytes); // 10 600
 * ```
 */
export function observed(
  frames: readonly Uint8Array[],
  about: Partial<Omit<ObservedBatch, 'count' | 'bytes' | 'headers' | 'frames'>> = {},
): ObservedBatch {
  const { vm = 0, direction = 'inbound', nowUs = 0, weight = 1, sinceUs = 0, untilUs = Infinity } = about;
  const burst = new FrameBurst(new Uint8Array(frames.length * SLOT_BYTES), frames.length, SLOT_BYTES);
  burst.count = frames.length;
  burst.nowUs = nowUs;
  let bytes = 0;
  for (const [i, frame] of frames.entries()) {
    burst.offset[i] = i * SLOT_BYTES;
    burst.bytes[i] = frame.length;
    burst.memory.set(frame, i * SLOT_BYTES);
    bytes += frame.length;
  }
  const headers = new FrameHeaders(frames.length);
  headers.read(burst);
  const shown = { weight, sinceUs, untilUs };
  return { vm, direction, nowUs, count: frames.length, bytes, ...shown, headers, frames: burst };
}
