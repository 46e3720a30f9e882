import { NO_NIC_YET } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { OneLoop, selecting } from '../given/one-loop.ts';

describe('a load distribution that has no NIC yet', () => {
  it('leaves the frame and all behind it in the ring, in order, and is asked again', () => {
    let ready = false;
    const asked: number[] = [];
    const loop = new OneLoop({
      distribution: selecting((batch) => {
        asked.push(batch.count);
        batch.nic.fill(0, 0, batch.count);
        if (!ready && batch.count > 2) batch.nic[2] = NO_NIC_YET;
        else if (!ready) batch.nic[0] = NO_NIC_YET;
      }),
    });
    loop.offerMarks(0, 1, 2, 3, 4, 5);
    loop.sweep();
    expect([loop.nics[0].marks, loop.outside.vms.backlogFrames[0]]).toEqual([[1, 2], 3]);
    ready = true;
    loop.sweep();
    expect(loop.nics[0].marks).toEqual([1, 2, 3, 4, 5]);
    expect(asked).toEqual([5, 3]);
    expect(loop.faults).toEqual([]);
  });
});
