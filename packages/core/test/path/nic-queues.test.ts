import { DropReason } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { macOf, markOf } from '../given/frames.ts';
import { ALL_WELL, OneLoop, selecting } from '../given/one-loop.ts';

const upTo = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i);

/** A loop that has put frames with the marks 0 to `count` - 1 of VM 0 on the queue of NIC 0, and sent none. */
function queued(count: number, about = {}): OneLoop {
  const loop = new OneLoop({ batchFrames: 16, distribute: ({ nics }) => pinned(nics), ...about });
  loop.nics[0].room = 0;
  for (let from = 0; from < count; from += 16) {
    loop.offerMarks(0, ...upTo(Math.min(16, count - from), from));
    loop.sweep();
  }
  expect(loop.outside.nics.pendingFrames[0]).toBe(count);
  return loop;
}

/** Each VM on the NIC of its number, or on the first one there is. */
const pinned = (nics: { available: Int32Array; availableCount: number }) =>
  selecting((batch) => {
    const wanted = nics.available.subarray(0, nics.availableCount).includes(batch.vm) ? batch.vm : nics.available[0];
    batch.nic.fill(wanted, 0, batch.count);
  });

describe("a NIC's queue", () => {
  it('gives the driver bursts of 64 at most, in order, until it has no room', () => {
    const loop = queued(64);
    const bursts: number[] = [];
    loop.nics[0].sending = (burst) => {
      bursts.push(burst.count);
      return Math.min(burst.count, 10);
    };
    loop.sweep();
    expect(bursts).toEqual([64]); // a burst of which not all is taken is the last of its sweep
    loop.sweep();
    expect(bursts).toEqual([64, 54]);
    loop.nics[0].sending = undefined;
    loop.nics[0].room = 100;
    loop.sweep();
    expect(loop.nics[0].marks).toEqual(upTo(44, 20));
    expect(loop.outside.nics.txFrames[0]).toBe(64);
    expect(loop.outside.nics.txBytes[0]).toBe(64 * 64);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('counts frames that the driver consumes and refuses as errors, not as transmitted', () => {
    const loop = queued(10);
    const [nic] = loop.nics;
    nic.refuses = (mark) => mark % 4 === 1;
    nic.room = 6;
    loop.sweep();
    nic.room = 100;
    loop.sweep();
    const { nics, vms } = loop.outside;
    expect(nic.marks).toEqual([0, 2, 3, 4, 6, 7, 8]);
    expect([nics.txFrames[0], nics.txBytes[0], nics.dropped[DropReason.NicError]]).toEqual([7, 7 * 64, 3]);
    expect([vms.transmittedFrames[0], vms.transmittedBytes[0], vms.dropped[DropReason.NicError]]).toEqual([
      7,
      7 * 64,
      3,
    ]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it.each([
    ['nothing', 0],
    ['a negative number', -3],
    ['no number', Number.NaN],
    ['undefined', undefined as unknown as number],
  ])('takes %s from a driver for no room', (_, answer) => {
    const loop = queued(5);
    loop.nics[0].sending = () => answer;
    loop.sweep(3);
    expect(loop.outside.nics.pendingFrames[0]).toBe(5);
    loop.nics[0].sending = undefined;
    loop.nics[0].room = 9;
    loop.sweep();
    expect(loop.nics[0].marks).toEqual(upTo(5));
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('gives back no more slots than it offered when a driver says that it took more', () => {
    const loop = queued(5);
    loop.nics[0].sending = () => 1000;
    loop.sweep();
    expect([loop.outside.nics.txFrames[0], loop.outside.nics.pendingFrames[0]]).toEqual([5, 0]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('keeps the frames of a driver that throws, and names it', () => {
    const loop = queued(5);
    loop.nics[0].sending = (burst) => {
      burst.fail(0);
      throw new Error('cable on fire');
    };
    loop.sweep();
    expect(loop.driverFaults).toEqual([{ nic: 0, hook: 'send' }]);
    loop.nics[0].sending = undefined;
    loop.nics[0].room = 9;
    loop.sweep();
    // What it had marked before it threw is no longer marked.
    expect([loop.nics[0].marks, loop.outside.nics.txFrames[0]]).toEqual([upTo(5), 5]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('offers a frame again, unmarked, that was marked as failed and not consumed', () => {
    const loop = queued(3);
    loop.nics[0].sending = (burst) => {
      burst.fail(0);
      return 0;
    };
    loop.sweep();
    loop.nics[0].sending = undefined;
    loop.nics[0].room = 9;
    loop.sweep();
    expect([loop.nics[0].marks, loop.outside.nics.txFrames[0]]).toEqual([upTo(3), 3]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });
});

describe('when a NIC goes down', () => {
  it('and comes back before the loop looks, the loop knows it all the same', () => {
    const loop = queued(5);
    loop.returned.length = 0;
    loop.setAvailable(1);
    loop.setAvailable(0, 1);
    loop.sweep(2);
    expect(loop.returned).toEqual([0, 1]);
    expect(loop.outside.nics.takenBackFrames[0]).toBe(0);
  });

  it('its frames leave by another one, in order, before anything that came later', () => {
    const loop = queued(40);
    loop.setAvailable(1);
    loop.offerMarks(0, ...upTo(16, 40));
    loop.sweep();
    expect(loop.nics[1].marks).toEqual(upTo(56));
    const { nics, vms } = loop.outside;
    expect([nics.takenBackFrames[0], nics.pendingFrames[0], nics.pendingBytes[0], nics.txFrames[1]]).toEqual([
      40, 0, 0, 56,
    ]);
    expect(vms.transmittedFrames[0]).toBe(56);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('the frames of several VMs on its queue are each chosen for by the policy', () => {
    const loop = new OneLoop({ shape: { nics: 3 }, batchFrames: 4, distribute: ({ nics }) => followers(nics) });
    for (const nic of loop.nics) nic.room = 0;
    for (let i = 0; i < 3; i++) for (const vm of [0, 1, 2]) loop.offerMarks(vm, vm * 10 + i);
    loop.sweep();
    loop.setAvailable(1, 2);
    for (const nic of loop.nics) nic.room = 99;
    loop.sweep();
    expect(loop.nics.map((nic) => nic.marks)).toEqual([[], [10, 11, 12], [20, 21, 22, 0, 1, 2]]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('they wait on its queue while there is no other, and leave by it when it comes back', () => {
    const loop = queued(20);
    loop.setAvailable();
    loop.sweep(3);
    expect([loop.outside.nics.pendingFrames[0], loop.outside.nics.takenBackFrames[0]]).toEqual([20, 0]);
    expect(loop.forwarder.takingBack).toBe(true);
    loop.setAvailable(0);
    loop.nics[0].room = 99;
    loop.sweep();
    expect(loop.nics[0].marks).toEqual(upTo(20));
    expect(loop.forwarder.takingBack).toBe(false);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('they wait while the other has no room for all, and nothing overtakes them', () => {
    const loop = queued(40);
    loop.nics[1].room = 0;
    for (let from = 0; from < 48; from += 16) {
      loop.offerMarks(1, ...upTo(16, 1000 + from));
      loop.sweep();
    }
    loop.setAvailable(1);
    loop.offerMarks(0, 40, 41);
    loop.sweep();
    expect([loop.outside.nics.takenBackFrames[0], loop.outside.txRings.length(0)]).toEqual([16, 2]);
    loop.nics[1].room = 20;
    loop.sweep(2);
    expect(loop.outside.nics.takenBackFrames[0]).toBe(16 + 20);
    loop.nics[1].room = 999;
    loop.sweep(3);
    expect(loop.nics[1].marks.filter((mark) => mark < 1000)).toEqual(upTo(42));
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('nothing that came later leaves by a third one while they wait for room on the second', () => {
    const loop = new OneLoop({
      shape: { nics: 3, vms: 2 },
      batchFrames: 16,
      // Short frames over the third NIC, long ones of VM 1 over the second, other long ones over the first there is.
      distribute: ({ nics }) =>
        selecting((batch) => {
          const long = batch.vm === 1 ? 1 : nics.available[0];
          for (let i = 0; i < batch.count; i++) batch.nic[i] = batch.bytes[i] < 100 ? 2 : long;
        }),
    });
    const [first, second, third] = loop.nics;
    first.room = 0;
    second.room = 0;
    loop.offer(0, ...upTo(16).map((mark) => ({ mark, bytes: 1000 })));
    loop.sweep();
    for (let from = 0; from < 64; from += 16) {
      loop.offer(1, ...upTo(16, 1000 + from).map((mark) => ({ mark, bytes: 1000 })));
      loop.sweep();
    }
    loop.setAvailable(1, 2);
    loop.offerMarks(0, 16, 17);
    loop.sweep(3);
    expect([third.marks, loop.outside.txRings.length(0)]).toEqual([[], 2]);
    second.room = Number.POSITIVE_INFINITY;
    loop.sweep(3);
    expect([second.marks.filter((mark) => mark < 1000), third.marks]).toEqual([upTo(16), [16, 17]]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('frames between VMs of this host still reach them, also when there is no NIC left', () => {
    const loop = queued(20);
    loop.setAvailable();
    loop.offer(1, { to: macOf(2), mark: 7 });
    loop.sweep();
    expect(loop.received(2).map(markOf)).toEqual([7]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('a load distribution that goes wrong then is put aside without a frame lost', () => {
    let calls = 0;
    const loop = queued(20, {
      distribute: undefined,
      distribution: selecting((batch) => {
        if (++calls > 3) batch.nic.fill(0, 0, batch.count);
        else if (calls === 3) throw new Error('confused');
        else batch.nic.fill(0, 0, batch.count);
      }),
    });
    loop.setAvailable(1);
    loop.sweep();
    expect(loop.faults).toHaveLength(1);
    expect(loop.nics[1].marks).toEqual(upTo(20));
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });
});

/** Each VM on the NIC of its number, or on the last one there is. */
const followers = (nics: { available: Int32Array; availableCount: number }) =>
  selecting((batch) => {
    const available = nics.available.subarray(0, nics.availableCount);
    batch.nic.fill(available.includes(batch.vm) ? batch.vm : (available.at(-1) as number), 0, batch.count);
  });
