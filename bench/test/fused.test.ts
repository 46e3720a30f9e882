import { expect, it } from 'vitest';
import { fusedPath } from '../src/fused.ts';
import { fusedMemory } from '../src/fused-memory.ts';

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

it('the path fused by hand shapes: without time passing the bucket runs dry, and what is refused is counted', () => {
  const path = fusedPath(fusedMemory(1, 1), 1, 1);
  const burstFrames = (1 << 24) / 64;
  let swept = 0;
  while (swept < burstFrames + 320) {
    path.produce(0);
    swept += path.sweep(0);
  }
  expect(path.tally()).toEqual({ sent: burstFrames, pending: 0, dropped: swept - burstFrames });
});
