import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { RingGroup } from '@fairlead/core';
import { Arena, createArena, FramePool } from '@fairlead/core/stages';
import { expect, it } from 'vitest';

const SIZE = 64;
const PAIRS = 2;
const ROUNDS = 20_000;
const POOL_FRAMES = 1024;

interface Consumed {
  readonly torn: number;
  readonly outOfPlace: number;
  readonly taken: readonly number[];
}

async function onThread(workerData: object): Promise<unknown> {
  const worker = new Worker(new URL('./support/ring-stress.mjs', import.meta.url), { workerData });
  const [result] = (await once(worker, 'message')) as [unknown];
  await once(worker, 'exit');
  return result;
}

it.each([1, 2, 3])(
  'case 46: DPDK ring_stress, two threads that send to two others in bulks of any size: no frame torn, lost or given twice (seed %i)',
  async (seed) => {
    const shape = { vms: 1, nics: 1, workers: 2 * PAIRS, poolFrames: POOL_FRAMES, slotBytes: 2048 };
    const rings = { txRingFrames: 16, rxRingFrames: 16, nicRingFrames: 64 };
    const handle = createArena({ ...shape, ...rings }, { nics: ['nic0'], vms: ['a'] });
    const memory = new SharedArrayBuffer(RingGroup.byteLength(PAIRS * PAIRS, SIZE));
    const about = { handle, memory, pairs: PAIRS, rounds: ROUNDS, size: SIZE };
    const sides = (['produce', 'consume'] as const).flatMap((side, half) =>
      Array.from({ length: PAIRS }, (_, number) => {
        const thread = half * PAIRS + number;
        return onThread({ ...about, side, number, thread, seed: seed * 1000 + thread + 1 });
      }),
    );
    const consumed = (await Promise.all(sides)).slice(PAIRS) as Consumed[];
    const perfect = { torn: 0, outOfPlace: 0, taken: Array.from({ length: PAIRS }, () => ROUNDS) };
    expect(consumed).toEqual(Array.from({ length: PAIRS }, () => perfect));
    // The account of frames: every slot is free again, and each is free once.
    const free: number[] = [];
    const { layout } = new Arena(handle, 0);
    FramePool.forEachFree(handle.memory, layout, (slot) => free.push(slot));
    expect([free.length, new Set(free).size]).toEqual([POOL_FRAMES, POOL_FRAMES]);
  },
  120_000, // four threads that spin, on as many processors as there are
);
