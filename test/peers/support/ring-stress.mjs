// One side of the ring stress test, on a thread of its own.
import { parentPort, workerData } from 'node:worker_threads';
import { RingGroup } from '@fairlead/core';
import { Arena } from '@fairlead/core/stages';

const { handle, thread, side, number, pairs, rounds, memory, size, seed } = workerData;
const { pool } = new Arena(handle, thread);
const rings = new RingGroup(memory, 0, pairs * pairs, size);
const bulk = new Int32Array(size);
const STAMP_WORDS = 16;
const nap = new Int32Array(new SharedArrayBuffer(4));

let state = seed;
/**
 * Numbers that repeat for a seed (Marsaglia 2003).
 *
 * @param {number} limit
 */
function below(limit) {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % limit;
}

/**
 * Every word of a frame says who sent it, to whom and as which.
 *
 * @type {(producer: number, consumer: number, sequence: number) => number}
 */
const stamp = (producer, consumer, sequence) => ((producer * pairs + consumer) << 24) | sequence;
/** @type {(slot: number) => number} */
const wordsAt = (slot) => slot * pool.wordsPerSlot;

function produce() {
  const sent = Array.from({ length: pairs }, () => 0);
  while (sent.some((count) => count < rounds)) {
    const consumer = below(pairs);
    const ring = number * pairs + consumer;
    let count = 0;
    const wanted = Math.min(1 + below(size), rounds - sent[consumer]);
    while (count < wanted) {
      const slot = pool.allocate();
      if (slot < 0) break;
      const at = wordsAt(slot);
      pool.words.fill(stamp(number, consumer, sent[consumer] + count), at, at + STAMP_WORDS);
      bulk[count++] = pool.descriptor(slot, STAMP_WORDS * 4);
    }
    const taken = rings.enqueue(ring, bulk, count);
    sent[consumer] += taken;
    for (let i = taken; i < count; i++) pool.free(bulk[i] >>> pool.lengthBits);
    if (taken === 0) Atomics.wait(nap, 0, 0, 1);
  }
}

function consume() {
  const next = Array.from({ length: pairs }, () => 0);
  let torn = 0;
  let outOfPlace = 0;
  while (next.some((count) => count < rounds)) {
    const producer = below(pairs);
    const ring = producer * pairs + number;
    const taken = rings.peek(ring, bulk, 1 + below(size));
    for (let i = 0; i < taken; i++) {
      const slot = bulk[i] >>> pool.lengthBits;
      const at = wordsAt(slot);
      const first = pool.words[at];
      for (let word = 1; word < STAMP_WORDS; word++) if (pool.words[at + word] !== first) torn++;
      if (first !== stamp(producer, number, next[producer]++)) outOfPlace++;
      pool.words.fill(-1, at, at + STAMP_WORDS);
      pool.free(slot);
    }
    rings.consume(ring, taken);
    if (taken === 0) Atomics.wait(nap, 0, 0, 1);
  }
  return { torn, outOfPlace, taken: next };
}

parentPort?.postMessage(side === 'produce' ? produce() : consume(), []);
