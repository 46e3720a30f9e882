import { SeededRandom } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { Loss } from '../src/network/loss.ts';
import { PacketQueue } from '../src/network/packet-queue.ts';
import { Path } from '../src/network/path.ts';
import { Packet, PacketKind } from '../src/traffic/packet.ts';

const none = { lossRate: 0, burstLossRate: 0, burstLossFrames: 1 };

function packet(number: number, bytes = 1000): Packet {
  return Object.assign(new Packet(), { number, bytes, flow: 3, stampUs: number / 3 });
}

describe('loss', () => {
  /** Share of the frames that is lost, and how many are lost in a row on average. */
  function measure(settings: typeof none): { share: number; run: number } {
    const loss = new Loss(new SeededRandom(7), settings);
    const frames = 200_000;
    let lost = 0;
    let runs = 0;
    let before = false;
    for (let i = 0; i < frames; i++) {
      const now = loss.isLost();
      if (now) lost++;
      if (now && !before) runs++;
      before = now;
    }
    return { share: lost / frames, run: lost / runs };
  }

  it('comes one by one with its probability', () => {
    const { share, run } = measure({ ...none, lossRate: 0.05 });
    expect(share).toBeCloseTo(0.05, 2);
    expect(run).toBeCloseTo(1 / 0.95, 1);
  });

  it('comes in bursts of the given length, with the given share of all frames', () => {
    const { share, run } = measure({ ...none, burstLossRate: 0.05, burstLossFrames: 8 });
    expect(share).toBeCloseTo(0.05, 2);
    expect(run).toBeGreaterThan(7.6);
    expect(run).toBeLessThan(8.4);
  });

  it('is none where none is asked for, and takes no random number then', () => {
    const random = new SeededRandom(1);
    const loss = new Loss(random, none);
    for (let i = 0; i < 100; i++) expect(loss.isLost()).toBe(false);
    expect(random.next()).toBe(new SeededRandom(1).next());
  });
});

describe('a path', () => {
  const settings = { ...none, rateBps: 8e6, queueBytes: 3000, delayUs: 500 };

  it('carries at its rate, delays, and loses what its queue cannot hold', () => {
    const path = new Path(new SeededRandom(1), settings);
    // 1000 bytes take 1000 us: one on the link with two behind it fill the queue of 3000 bytes.
    const sent = [0, 1, 2, 3, 4].map((number) => path.send(packet(number), 0));
    expect(sent).toEqual([true, true, true, false, false]);
    expect(path.queue.dueUs).toBe(1500);
    expect(path.send(packet(5), 1000)).toBe(true);
    const out = new Packet();
    const arrived = [1500, 2500, 3500, 4500].map((dueUs) => {
      expect(path.queue.dueUs).toBe(dueUs);
      path.deliver(out);
      return out.number;
    });
    expect(arrived).toEqual([0, 1, 2, 5]);
    expect(path).toMatchObject({ acceptedFrames: 6, deliveredFrames: 4, lostByFullQueue: 2, lostByChance: 0 });
  });

  it('keeps the order when its delay is shortened', () => {
    const path = new Path(new SeededRandom(1), { ...settings, rateBps: Number.POSITIVE_INFINITY });
    path.send(packet(0), 0);
    path.set({ delayUs: 10 });
    path.send(packet(1), 100);
    const out = new Packet();
    path.deliver(out);
    expect(out.number).toBe(0);
    expect(path.queue.dueUs).toBe(500);
  });
});

describe('a queue of packets', () => {
  it('gives back what was put in, in order, while it grows', () => {
    const queue = new PacketQueue();
    const out = new Packet();
    let put = 0;
    let taken = 0;
    for (let round = 0; round < 50; round++) {
      for (let i = 0; i < 40; i++) {
        const one = Object.assign(packet(put), {
          kind: put % 2 === 0 ? PacketKind.Data : PacketKind.Ack,
          sackCount: put % 4,
        });
        one.sacks.fill(put);
        queue.push(one, put++);
      }
      for (let i = 0; i < 20; i++) {
        expect(queue.dueUs).toBe(taken);
        queue.shift(out);
        expect([out.number, out.flow, out.stampUs, out.sackCount]).toEqual([taken, 3, taken / 3, taken % 4]);
        expect([...out.sacks.subarray(0, 2 * out.sackCount)].every((value) => value === taken)).toBe(true);
        taken++;
      }
    }
    expect(queue.count).toBe(1000);
    const byFlow = new Int32Array(4);
    queue.tally(PacketKind.Data, byFlow);
    expect([...byFlow]).toEqual([0, 0, 0, 500]);
  });
});
