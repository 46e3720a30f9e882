import type { TransmitBatch } from '../../batch.ts';
import { type FrameSort, writeFrame } from './test-frame.ts';

/** Bytes of someone else's between two frames, as a pool has them. */
const GAP_BYTES = 32;

const SORTS: readonly FrameSort[] = ['udp', 'data', 'noise', 'arp', 'syn'];

/** Puts frames into a batch's memory; every byte that is none of theirs is `between`. */
export function layOutFrames(batch: TransmitBatch, frames: readonly Uint8Array[], between: number): void {
  layOut(
    batch,
    frames.map((frame) => frame.length),
    between,
    (i, memory, offset) => memory.set(frames[i], offset),
  );
}

/** Puts frames of all sorts into a batch's memory: as long as they are said to be, and different from each other. */
export function layOutHeaders(batch: TransmitBatch, bytes: readonly number[], seed: number, between: number): void {
  layOut(batch, bytes, between, (i, memory, offset) => {
    const sort = SORTS[(seed + i) % SORTS.length];
    writeFrame({ sort, bytes: bytes[i], source: seed * 7 + (i >> 1) }, memory, offset);
  });
}

function layOut(
  batch: TransmitBatch,
  bytes: readonly number[],
  between: number,
  write: (i: number, memory: Uint8Array, offset: number) => void,
): void {
  const total = bytes.reduce((sum, length) => sum + length + GAP_BYTES, GAP_BYTES);
  const memory = new Uint8Array(total).fill(between);
  let offset = GAP_BYTES;
  for (let i = 0; i < bytes.length; i++) {
    write(i, memory, offset);
    batch.offset[i] = offset;
    offset += bytes[i] + GAP_BYTES;
  }
  batch.memory = memory;
}
