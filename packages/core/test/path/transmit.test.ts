import { DROP_REASON_COUNT, DropReason } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { BROADCAST, macOf } from '../given/frames.ts';
import { ALL_WELL, admitting, OneLoop, selecting } from '../given/one-loop.ts';

const upTo = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i);

describe('the frames of one VM', () => {
  it('are decided in batches of the set size and leave in order', () => {
    const sizes: number[] = [];
    const loop = new OneLoop({ batchFrames: 5, admission: admitting((batch) => void sizes.push(batch.count)) });
    loop.offerMarks(0, ...upTo(12));
    loop.sweep(3);
    expect(sizes).toEqual([5, 5, 2]);
    expect(loop.nics[0].marks).toEqual(upTo(12));
  });

  it('stay in order behind one that has to wait, and are asked about again', () => {
    const asked: number[][] = [];
    const loop = new OneLoop({
      admission: admitting((batch) => {
        asked.push([batch.count, batch.backlog]);
        if (asked.length < 3) batch.queueFrom(2, 0);
      }),
    });
    loop.offerMarks(0, ...upTo(6));
    loop.sweep();
    expect(loop.nics[0].marks).toEqual([0, 1]);
    expect(loop.outside.vms.backlogFrames[0]).toBe(4);
    loop.sweep(2);
    expect(loop.nics[0].marks).toEqual(upTo(6));
    expect(asked).toEqual([
      [6, 6],
      [4, 4],
      [2, 2],
    ]);
    expect(loop.outside.vms.refusedTransfers[0]).toBe(2);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('are not asked about before the time that the policy gave', () => {
    const askedUs: number[] = [];
    const loop = new OneLoop({
      admission: admitting((batch) => {
        askedUs.push(batch.nowUs);
        if (batch.nowUs < 5000) batch.queueFrom(0, 5000);
      }),
    });
    loop.offerMarks(0, 1);
    loop.sweep(60, 100);
    expect(askedUs).toHaveLength(2);
    expect(askedUs[1]).toBeGreaterThanOrEqual(5000);
    expect(askedUs[1]).toBeLessThan(5000 + 100 + 64);
    expect(loop.nics[0].marks).toEqual([1]);
  });

  it('add only their own bytes to what the VM has transmitted', () => {
    const loop = new OneLoop({
      admission: admitting((batch) => {
        if (batch.nowUs > 15) batch.queueFrom(0, 0);
      }),
    });
    loop.offer(0, { bytes: 100 }, { bytes: 200 });
    loop.sweep();
    loop.offer(0, { bytes: 300 });
    loop.sweep(5); // nothing goes
    expect([loop.outside.vms.transmittedFrames[0], loop.outside.vms.transmittedBytes[0]]).toEqual([2, 300]);
  });
});

describe('the flows of frames', () => {
  /** Frames to three destinations; with what hashes they come to the policy, by destination. */
  function hashesOf(about: object): Set<number>[] {
    const hashes = [1, 2, 3].map(() => new Set<number>());
    const loop = new OneLoop({
      ...about,
      admission: admitting((batch) => batch.drop(0, DropReason.Policed)),
      distribution: selecting((batch) => {
        // The first frame was dropped, so those that are left begin with the second destination.
        for (let i = 0; i < batch.count; i++) hashes[(i + 1) % 3].add(batch.flow[i]);
        batch.nic.fill(0, 0, batch.count);
      }),
    });
    const to = [1, 2, 3].map((last) => `06:00:00:00:00:0${last}`);
    for (let i = 0; i < 2; i++) {
      loop.offer(0, ...upTo(7).map((mark) => ({ to: to[mark % 3], mark })));
      loop.sweep();
    }
    expect(loop.nics[0].marks).toEqual([1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6]);
    return hashes;
  }

  it('are told to a policy that wants to know them, also behind a frame that was dropped', () => {
    const hashes = hashesOf({ needsFlow: true });
    expect(hashes.map(({ size }) => size)).toEqual([1, 1, 1]);
    expect(new Set(hashes.flatMap((set) => [...set])).size).toBe(3);
  });

  it('are not computed for one that does not', () => {
    expect(new Set(hashesOf({}).flatMap((set) => [...set]))).toEqual(new Set([0]));
  });
});

it('a thousand VMs are all served', () => {
  const loop = new OneLoop({
    shape: { vms: 1000, poolFrames: 4096, txRingFrames: 8, rxRingFrames: 8, nicRingFrames: 2048 },
  });
  for (let vm = 0; vm < 1000; vm++) loop.offerMarks(vm, vm, 1000 + vm);
  loop.sweep(3);
  const wanted = upTo(1000).flatMap((vm) => [vm, 1000 + vm]);
  expect(loop.nics[0].marks.join() === wanted.join()).toBe(true);
  expect(loop.wrongs()).toEqual(ALL_WELL);
});

describe('frames that the policy drops', () => {
  it('are counted under its reason and leave the others in order', () => {
    const loop = new OneLoop({
      admission: admitting((batch) => {
        batch.drop(1, DropReason.Policed);
        batch.drop(1, DropReason.Oversize); // dropped already
        batch.drop(3, DropReason.Malformed);
        batch.drop(99, DropReason.Policed);
        batch.drop(-1, DropReason.Policed);
      }),
    });
    loop.offerMarks(0, 0, 1, 2, 3, 4);
    loop.sweep();
    expect(loop.nics[0].marks).toEqual([0, 2, 4]);
    const { dropped } = loop.outside.vms;
    expect([...dropped.subarray(0, DROP_REASON_COUNT)]).toEqual(
      Array.from({ length: DROP_REASON_COUNT }, (_, reason) =>
        reason === DropReason.Policed || reason === DropReason.Malformed ? 1 : 0,
      ),
    );
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('are counted as policed under a reason that does not exist', () => {
    const loop = new OneLoop({ admission: admitting((batch) => batch.drop(0, 77 as DropReason)) });
    loop.offerMarks(0, 1);
    loop.sweep();
    expect(loop.outside.vms.dropped[DropReason.Policed]).toBe(1);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('are not dropped behind the first that waits', () => {
    const loop = new OneLoop({
      admission: admitting((batch) => {
        if (batch.nowUs > 15) return undefined;
        batch.queueFrom(2, 0);
        batch.drop(3, DropReason.Policed);
        return undefined;
      }),
    });
    loop.offerMarks(0, ...upTo(5));
    loop.sweep(2);
    expect(loop.nics[0].marks).toEqual(upTo(5));
  });

  it.each(upTo(8))('leave no gap in the ring when the queue has room for %d of the others', (room) => {
    const asked: number[] = [];
    const loop = new OneLoop({
      shape: { nics: 1, nicRingFrames: 64, txRingFrames: 16 },
      batchFrames: 16,
      admission: admitting((batch) => {
        asked.push(batch.count);
        for (let i = 0; i < batch.count; i += 2) batch.drop(i, DropReason.Policed);
      }),
    });
    const [nic] = loop.nics;
    nic.room = 0;
    // Fill the queue of 64 but for `room` frames; every other frame is dropped on the way.
    let mark = 1000;
    for (let filled = 0; filled < 64 - room; ) {
      const pairs = Math.min(8, 64 - room - filled);
      loop.offerMarks(1, ...upTo(2 * pairs, mark));
      loop.sweep();
      filled += pairs;
      mark += 100;
    }
    asked.length = 0;
    loop.offerMarks(0, ...upTo(16));
    loop.sweep(3);
    expect(asked).toEqual([16]); // those that are left are admitted: nobody asks about them again
    expect(loop.outside.txRings.length(0)).toBe(8 - room);
    expect(loop.outside.vms.transmittedFrames[0]).toBe(room);
    nic.room = Number.POSITIVE_INFINITY;
    loop.sweep(3);
    expect(asked).toEqual([16]);
    expect(nic.marks.filter((one) => one < 1000)).toEqual([1, 3, 5, 7, 9, 11, 13, 15]);
    expect(loop.outside.vms.dropped[DropReason.Policed]).toBe(8);
    expect(loop.outside.vms.transmittedBytes[0]).toBe(8 * 64);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });
});

describe('frames that are admitted but find no room on a NIC', () => {
  it('wait, are not asked about again, and go before what came after them', () => {
    const asked: number[] = [];
    const loop = new OneLoop({
      shape: { nics: 1 },
      admission: admitting((batch) => void asked.push(batch.count)),
      batchFrames: 16,
    });
    const [nic] = loop.nics;
    nic.room = 0;
    for (let i = 0; i < 5; i++) {
      loop.offerMarks(0, ...upTo(16, i * 16));
      loop.sweep();
    }
    expect(asked).toEqual([16, 16, 16, 16, 16]);
    expect(loop.outside.txRings.length(0)).toBe(16);
    nic.room = 10;
    loop.sweep();
    expect(nic.marks).toEqual(upTo(10));
    nic.room = Number.POSITIVE_INFINITY;
    loop.sweep(4);
    loop.offerMarks(0, 80, 81);
    loop.sweep();
    expect(nic.marks).toEqual(upTo(82));
    expect(asked).toEqual([16, 16, 16, 16, 16, 2]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('may be sent to another NIC when they are asked to choose again', () => {
    const loop = new OneLoop({
      distribute: ({ nics }) =>
        selecting((batch) => void batch.nic.fill(nics.pendingFrames[0] > 60 ? 1 : 0, 0, batch.count)),
    });
    loop.nics[0].room = 0;
    for (let i = 0; i < 9; i++) {
      loop.offerMarks(0, ...upTo(8, i * 8));
      loop.sweep();
    }
    expect(loop.nics[1].marks).toEqual(upTo(8, 64));
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });
});

describe('a VM behind a backlog', () => {
  it('has it counted without the frames that were dropped or delivered before it', () => {
    const loop = new OneLoop({ batchFrames: 8 });
    loop.setAvailable();
    loop.offer(0, { to: macOf(1) }, { from: macOf(2) }, { to: BROADCAST, mark: 1 }, { mark: 2 });
    loop.sweep();
    expect(loop.outside.txRings.length(0)).toBe(2);
    expect(loop.outside.vms.backlogFrames[0]).toBe(2);
  });

  it('is told of it without them, too', () => {
    const backlogs: number[] = [];
    const loop = new OneLoop({ admission: admitting((batch) => void backlogs.push(batch.backlog)) });
    loop.offer(0, { to: macOf(1) }, { from: macOf(2) }, { to: BROADCAST, mark: 1 }, { mark: 2 });
    loop.sweep(2);
    expect(backlogs).toEqual([2, 1]);
  });
});
