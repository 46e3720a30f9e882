import { expect, it } from 'vitest';
import { fusedPath } from '../src/fused.ts';
import { fusedMemory } from '../src/fused-memory.ts';
import { loopMemory, Producer, ProductLoop } from '../src/product-loop.ts';

it('the path fused by hand sends every frame and loses none', () => {
  const path = fusedPath(fusedMemory(9, 2), 9, 2);
  let swept = 0;
  for (let turn = 1; turn <= 100; turn++) {
    for (let vm = 0; vm < 9; vm++) path.produce(vm);
    swept += path.sweep(turn * 100);
  }
  expect(swept).toBe(9 * 32 * 100);
  expect(path.tally()).toEqual({ sent: swept, pending: 0, dropped: 0 });
});

const PEAK_BURST_BYTES = 65_536;
/** The peak bucket runs dry first. It may run into debt, but not begin in it: one frame more than it holds. */
const BURST_FRAMES = PEAK_BURST_BYTES / 64 + 1;

it('the path fused by hand shapes: without time passing it lets exactly the burst through, and counts what it refuses', () => {
  const path = fusedPath(fusedMemory(1, 2), 1, 2);
  let swept = 0;
  while (swept < BURST_FRAMES + 320) {
    path.produce(0);
    swept += path.sweep(0);
  }
  expect(path.tally()).toEqual({ sent: BURST_FRAMES, pending: 0, dropped: swept - BURST_FRAMES });
});

it('so does the product, which leaves the rest waiting', () => {
  const handle = loopMemory(1, 2);
  const producer = new Producer(handle);
  const loop = new ProductLoop(handle);
  for (let turn = 0; turn < BURST_FRAMES / 32 + 6; turn++) {
    producer.batch(0);
    loop.forwarder.sweep(0);
  }
  expect(loop.tally()).toEqual({ transmitted: BURST_FRAMES, sent: BURST_FRAMES, dropped: 0 });
  expect(producer.accepted).toBeGreaterThan(BURST_FRAMES);
});
