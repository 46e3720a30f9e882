import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arena } from '../../src/memory/arena.ts';
import { HEADROOM_BYTES } from '../../src/memory/frame-pool.ts';
import { filledArena, NONE_STRAYED, strayedSlots } from '../given/arena.ts';

const THREADS = 3;

function poolsOf(poolFrames: number) {
  const handle = filledArena({ workers: THREADS - 1, poolFrames });
  return { handle, pools: Array.from({ length: THREADS }, (_, thread) => new Arena(handle, thread).pool) };
}

const thread = fc.integer({ min: 0, max: THREADS - 1 });
const steps = fc.array(
  fc.record({
    thread,
    by: thread,
    take: fc.integer({ min: 0, max: 150 }),
    give: fc.integer({ min: 0, max: 150 }),
    atOnce: fc.boolean(),
  }),
  { maxLength: 40 },
);

describe('the frame pool', () => {
  it('gives a slot to one owner at a time and loses none, whichever thread gives it back', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const { handle, pools } = poolsOf(450);
        const held: number[] = [];
        for (const step of list) {
          for (let i = 0; i < step.take; i++) {
            const slot = pools[step.thread].allocate();
            if (slot < 0) break;
            expect(held).not.toContain(slot);
            expect(slot).toBeLessThan(450);
            held.push(slot);
          }
          const given = held.splice(0, step.give);
          if (step.atOnce) pools[step.by].freeAll(Int32Array.from(given), given.length);
          else for (const slot of given) pools[step.by].free(slot);
        }
        const { twice, lost } = strayedSlots(handle);
        expect(twice).toEqual([]);
        expect(lost).toEqual([...held].sort((a, b) => a - b));
      }),
      { numRuns: 60 },
    );
  });

  it('has none left when a thread holds them all, and says -1', () => {
    const { handle, pools } = poolsOf(450);
    const all: number[] = [];
    for (let slot = pools[1].allocate(); slot >= 0; slot = pools[1].allocate()) all.push(slot);
    // What fills no magazine stays with the thread that filled the pool.
    expect(all.length).toBeGreaterThanOrEqual(450 - 128);
    expect(new Set(all).size).toBe(all.length);
    expect(pools[1].allocate()).toBe(-1);
    for (const slot of all) pools[2].free(slot);
    expect(strayedSlots(handle)).toEqual(NONE_STRAYED);
  });

  it('places each frame so that its source MAC is on a word, and names it by slot and length', () => {
    const { pools } = poolsOf(450);
    const [pool] = pools;
    const slot = pool.allocate();
    expect((pool.offset(slot) + 6) % 4).toBe(0);
    expect(pool.maxFrameBytes).toBe(2048 - HEADROOM_BYTES);
    const descriptor = pool.descriptor(slot, 1514);
    expect([descriptor >>> pool.lengthBits, descriptor & pool.lengthMask]).toEqual([slot, 1514]);
    expect(pool.isDescriptor(descriptor)).toBe(true);
  });

  it('takes no word for a descriptor that names a slot it has not, or a frame longer than a slot', () => {
    const { pools } = poolsOf(450);
    const [pool] = pools;
    expect(pool.isDescriptor(pool.descriptor(450, 64))).toBe(false);
    expect(pool.isDescriptor(-1)).toBe(false);
    expect(pool.isDescriptor(pool.descriptor(449, 2047))).toBe(false);
    expect(pool.isDescriptor(pool.descriptor(449, 2046))).toBe(true);
  });
});
