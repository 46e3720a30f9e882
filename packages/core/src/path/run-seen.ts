import { FrameBurst, FrameHeaders, MAX_BATCH, type ObservedBatch } from '@fairlead/sdk';
import type { FramePool } from '../memory/frame-pool.ts';

/** The run of frames that detectors are shown, filled again for each. */
export class RunSeen implements ObservedBatch {
  vm = 0;
  direction: 'inbound' | 'outbound' = 'inbound';
  nowUs = 0;
  count = 0;
  bytes = 0;
  weight = 1;
  sinceUs = 0;
  untilUs = Number.POSITIVE_INFINITY;
  readonly frames: FrameBurst;
  readonly headers = new FrameHeaders(MAX_BATCH);

  constructor({ memory, maxFrameBytes }: FramePool) {
    this.frames = new FrameBurst(memory, MAX_BATCH, maxFrameBytes);
  }
}

/** A number that tells whether a run is as it was: what was filled in, and every byte of its frames. */
export function fingerprintOf({ vm, direction, nowUs, count, bytes, weight, frames }: RunSeen): number {
  let hash = Math.imul(vm + 1, 0x9e37_79b1) ^ Math.imul(count, 0x85eb_ca6b) ^ bytes ^ (nowUs | 0) ^ (weight << 24);
  if (direction === 'inbound') hash = ~hash;
  for (let i = 0; i < frames.count; i++) {
    const end = frames.offset[i] + frames.bytes[i];
    hash = Math.imul(hash ^ frames.offset[i], 0xcc9e_2d51);
    for (let at = frames.offset[i]; at < end; at++) hash = Math.imul(hash, 31) + frames.memory[at];
  }
  return hash | 0;
}
