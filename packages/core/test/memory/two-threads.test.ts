import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Arena } from '../../src/memory/arena.ts';
import { RingGroup } from '../../src/memory/ring-group.ts';
import { filledArena, NONE_STRAYED, strayedSlots } from '../given/arena.ts';
import { onThread } from '../given/thread.ts';

describe('between two threads', () => {
  it('a ring gives every value once and in order', async () => {
    const rings = 2;
    const size = 64;
    const ring = 1;
    const count = 300_000;
    const memory = new SharedArrayBuffer(RingGroup.byteLength(rings, size));
    const group = new RingGroup(memory, 0, rings, size);
    let done = false;
    const producer = onThread('ring-producer.mjs', { memory, rings, size, ring, count }).finally(() => {
      done = true;
    });
    const out = new Int32Array(size);
    let expected = 0;
    let outOfPlace = 0;
    while (expected < count && !(done && group.length(ring) === 0)) {
      const taken = group.peek(ring, out, 1 + (expected % size));
      for (let i = 0; i < taken; i++) if (out[i] !== expected++) outOfPlace++;
      group.consume(ring, taken);
      if (taken === 0) await nextTurn();
    }
    await producer;
    expect({ expected, outOfPlace, left: group.length(ring) }).toEqual({ expected: count, outOfPlace: 0, left: 0 });
  });

  it('the frame pool gives no slot to both, and has every slot again at the end', async () => {
    const handle = filledArena({ vms: 2, workers: 2, poolFrames: 512, txRingFrames: 64 });
    const stolen = await Promise.all(
      [0, 1].map((thread) => onThread('slot-keeper.mjs', { handle, thread, rounds: 4000 })),
    );
    expect(stolen).toEqual([0, 0]);
    const { txRings, pool } = new Arena(handle, 2);
    for (const ring of [0, 1]) {
      const left = new Int32Array(64);
      const count = txRings.peek(ring, left, 64);
      txRings.consume(ring, count);
      for (const slot of left.subarray(0, count)) pool.free(slot);
    }
    expect(strayedSlots(handle)).toEqual(NONE_STRAYED);
  });
});
