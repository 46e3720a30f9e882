import { DROP_REASON_COUNT } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { Arena } from '../../src/memory/arena.ts';
import { NicTotals } from '../../src/memory/nic-view.ts';
import { filledArena } from '../given/arena.ts';

describe("a worker's view of the NICs", () => {
  it('lists the available NICs in ascending order and counts the changes', () => {
    const { nics } = new Arena(filledArena({ nics: 32 }), 0);
    const listed = (): number[] => [...nics.available.subarray(0, nics.availableCount)];
    expect(nics.setAvailable((1 << 31) | 0b101)).toBe(true);
    expect([listed(), nics.epoch]).toEqual([[0, 2, 31], 1]);
    expect(nics.setAvailable((1 << 31) | 0b101)).toBe(false);
    expect(nics.epoch).toBe(1);
    expect(nics.setAvailable(0b10)).toBe(true);
    expect([listed(), nics.epoch]).toEqual([[1], 2]);
  });

  it('takes the very first set for a change, even an empty one', () => {
    const { nics } = new Arena(filledArena(), 0);
    expect([nics.setAvailable(0), nics.setAvailable(0)]).toEqual([true, false]);
  });

  it('has counters of its own and shares what the managers write', () => {
    const handle = filledArena({ workers: 3, poolFrames: 1024 });
    const views = [0, 1, 2].map((worker) => new Arena(handle, worker).nics);
    for (const [worker, view] of views.entries()) view.txFrames[1] = 10 ** worker;
    views[0].speedBps[1] = 5e9;
    views[2].dropped[1 * DROP_REASON_COUNT + 9] = 4;
    views[0].dropped[1 * DROP_REASON_COUNT + 9] = 3;
    expect(views.map((view) => view.txFrames[1])).toEqual([1, 10, 100]);
    const totals = new NicTotals(handle.memory, new Arena(handle, 0).layout);
    expect(totals.read('txFrames', 1)).toBe(111);
    expect(totals.read('txFrames', 0)).toBe(0);
    expect(totals.read('speedBps', 1)).toBe(5e9);
    expect(totals.read('dropped', 1, 9)).toBe(7);
  });

  it('is seen by the device thread as the last worker sees it', () => {
    const handle = filledArena({ workers: 2 });
    new Arena(handle, 1).nics.txBytes[0] = 5;
    expect(new Arena(handle, 2).nics.txBytes[0]).toBe(5);
  });
});
