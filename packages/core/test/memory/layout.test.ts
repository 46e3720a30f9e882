import { COLUMN_ALIGN } from '@fairlead/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  HOST_RING_ENTRIES,
  LISTENER_WORDS,
  layOutMemory,
  MAX_TEAMS,
  type MemoryLayout,
  ringGroupBytes,
  SLOT_GAP_BYTES,
} from '../../src/memory/layout.ts';
import { smallShape } from '../given/arena.ts';

const powersOfTwo = (low: number, high: number) =>
  fc.integer({ min: Math.log2(low), max: Math.log2(high) }).map((exponent) => 2 ** exponent);

const shapes = fc.record({
  vms: fc.integer({ min: 1, max: 300 }),
  nics: fc.integer({ min: 1, max: 32 }),
  workers: fc.integer({ min: 1, max: 16 }),
  poolFrames: fc.integer({ min: 2176, max: 20_000 }),
  slotBytes: powersOfTwo(256, 16_384),
  txRingFrames: powersOfTwo(8, 1024),
  rxRingFrames: powersOfTwo(8, 1024),
  nicRingFrames: powersOfTwo(64, 1024),
  detectors: fc.nat(16),
});

/** Bytes that each part needs, by what it holds. */
function needs({ shape, nicTable, vmTable, doorbellWords, magazineCount, threads }: MemoryLayout) {
  return {
    threads: (threads + 1) * 128,
    teams: MAX_TEAMS * 32,
    listeners: LISTENER_WORDS * 4,
    hostRings: ringGroupBytes(2 * shape.workers, HOST_RING_ENTRIES),
    nicTable: nicTable.byteLength,
    vmTable: vmTable.byteLength,
    txRings: ringGroupBytes(shape.vms, shape.txRingFrames),
    rxRings: ringGroupBytes(shape.vms, shape.rxRingFrames),
    nicRings: ringGroupBytes(shape.nics * shape.workers, shape.nicRingFrames),
    handoffRings: shape.workers > 1 ? ringGroupBytes(shape.workers ** 2, 2048) : 0,
    txDoorbells: doorbellWords * 4 * shape.workers,
    rxDoorbell: doorbellWords * 4,
    magazines: 256 + magazineCount * 65 * 4,
    heldMagazines: threads * 128,
    slotVm: shape.poolFrames * 4,
    shared: shape.nics * 512,
    costs: shape.workers * (3 + 2 * shape.nics + (shape.detectors ?? 0)) * 40 * 8,
    frames: shape.poolFrames * (shape.slotBytes + SLOT_GAP_BYTES),
  };
}

describe('the layout of shared memory', () => {
  it('places every part on a boundary of its own, within the whole, and none over another', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const layout = layOutMemory(shape);
        const bytes = needs(layout);
        const parts = (Object.keys(layout.at) as (keyof MemoryLayout['at'])[])
          .map((name) => ({ name, from: layout.at[name], to: layout.at[name] + bytes[name] }))
          .sort((a, b) => a.from - b.from || a.to - b.to);
        for (const [i, part] of parts.entries()) {
          expect(part.from % COLUMN_ALIGN).toBe(0);
          expect(part.to).toBeLessThanOrEqual(parts[i + 1]?.from ?? layout.byteLength);
        }
      }),
    );
  });

  it('is the same for every thread that knows the shape', () => {
    expect(layOutMemory(smallShape())).toEqual(layOutMemory(smallShape()));
  });

  it.each([
    ['slotBytes', 128, 'choose a power of two from 256 to 16384'],
    ['slotBytes', 32_768, 'choose a power of two from 256 to 16384'],
    ['slotBytes', 1536, 'choose a power of two from 256 to 16384'],
    ['txRingFrames', 4, 'choose a power of two from 8 to 65536'],
    ['txRingFrames', 100, 'choose a power of two from 8 to 65536'],
    ['rxRingFrames', 131_072, 'choose a power of two from 8 to 65536'],
    ['nicRingFrames', 32, 'choose a power of two from 64 to 65536'],
  ] as const)('refuses %s of %d and says what would do', (name, value, mend) => {
    expect(() => layOutMemory(smallShape({ [name]: value }))).toThrow(
      expect.objectContaining({ code: 'FAIRLEAD_ERR_MEMORY_LAYOUT', where: `memory.${name}`, mend }),
    );
  });

  it.each([
    [255, 1],
    [383, 2],
    [2 ** 20, 1],
  ])('refuses a pool of %d frames for %d workers', (poolFrames, workers) => {
    expect(() => layOutMemory(smallShape({ poolFrames, workers }))).toThrow(
      expect.objectContaining({ code: 'FAIRLEAD_ERR_MEMORY_LAYOUT', where: 'memory.poolFrames' }),
    );
  });

  it('refuses more magazines than their numbers have bits for', () => {
    const shape = smallShape({ slotBytes: 256, poolFrames: 65_000 * 64 });
    expect(() => layOutMemory(shape)).toThrow(expect.objectContaining({ where: 'memory.poolFrames' }));
  });

  it('takes the smallest pool that it names', () => {
    expect(layOutMemory(smallShape({ poolFrames: 256 })).byteLength).toBeGreaterThan(256 * 2048);
  });
});
