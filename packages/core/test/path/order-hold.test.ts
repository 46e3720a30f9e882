import type { TransmitBatch } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { ALL_WELL, OneLoop, selecting } from '../given/one-loop.ts';

/** Everything over the NIC that is preferred, as active-backup does it. */
const preferred = (arena: { nics: { preferred: number } }) =>
  selecting((batch: TransmitBatch) => void batch.nic.fill(arena.nics.preferred, 0, batch.count));

/** A loop that keeps the order in which the NICs took the frames. */
function given() {
  const loop = new OneLoop({ distribute: preferred });
  const taken: [nic: number, mark: number][] = [];
  for (const [nic, hand] of loop.nics.entries()) {
    const { push } = hand.sent;
    hand.sent.push = (...frames: Uint8Array[]) => {
      const length = push.apply(hand.sent, frames);
      taken.push([nic, hand.marks.at(-1) as number]);
      return length;
    };
  }
  const prefer = (...nics: number[]): void => {
    loop.outside.teams.write(0, { serving: nics, receiving: -1, group: -1 });
    loop.outside.threads.available = 0b11;
  };
  return { loop, taken, prefer };
}

describe('frames of a VM whose NIC changes while the old one serves', () => {
  it('wait until those before them have left, and keep their order', () => {
    const { loop, taken, prefer } = given();
    loop.nics[0].room = 2;
    loop.offerMarks(0, 0, 1, 2, 3);
    loop.sweep();
    prefer(1, 0);
    loop.offerMarks(0, 4, 5);
    loop.sweep(3);
    expect(taken).toEqual([
      [0, 0],
      [0, 1],
    ]);
    loop.nics[0].room = 10;
    loop.sweep(2);
    expect(taken.slice(2)).toEqual([
      [0, 2],
      [0, 3],
      [1, 4],
      [1, 5],
    ]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('hold up no other VM', () => {
    const { loop, prefer } = given();
    loop.nics[0].room = 0;
    loop.offerMarks(0, 0);
    loop.sweep();
    prefer(1, 0);
    loop.offerMarks(0, 1);
    loop.offerMarks(1, 7);
    loop.sweep(2);
    expect(loop.nics[1].marks).toEqual([7]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('go on after a while when the old NIC takes nothing at all', () => {
    const { loop, prefer } = given();
    loop.nics[0].room = 0;
    loop.offerMarks(0, 0);
    loop.sweep();
    prefer(1, 0);
    loop.offerMarks(0, 1);
    loop.sweep(1, 10);
    loop.sweep(1, 49_000);
    expect(loop.nics[1].marks).toEqual([]);
    loop.sweep(2, 2000);
    expect(loop.nics[1].marks).toEqual([1]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });
});
