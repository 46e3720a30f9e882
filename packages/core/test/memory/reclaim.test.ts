import { DROP_REASON_COUNT, DropReason } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { Arena } from '../../src/memory/arena.ts';
import { reclaim } from '../../src/memory/reclaim.ts';
import { BEYOND, BROADCAST, frame, macOf } from '../given/frames.ts';
import { ALL_WELL, admitting, OneLoop, selecting } from '../given/one-loop.ts';

/** How the worker dies: code of its own never runs again after this is thrown through all of it. */
class Death extends Error {}

/** A loop whose worker dies inside a plugin's hook, wherever the test says. Nothing catches what it throws. */
function dieIn(loop: OneLoop, hook: () => void): void {
  loop.forwarder.transmit.serve = () => {
    hook();
    throw new Death();
  };
  expect(() => loop.sweep()).toThrow(Death);
}

/** The loop that takes a dead one's place. */
const successor = (dead: OneLoop): OneLoop => {
  const next = new OneLoop({ handle: dead.handle });
  next.nowUs = dead.nowUs;
  return next;
};

const lostWithWorker = (column: Float64Array, row: number): number =>
  column[row * DROP_REASON_COUNT + DropReason.WorkerLost];

describe('after a worker has died', () => {
  it('nothing is counted as lost when it held nothing', () => {
    const loop = new OneLoop();
    loop.nics[0].room = 2;
    loop.offerMarks(0, 1, 2, 3, 4, 5);
    loop.sweep();
    loop.forwarder.rest();
    expect(reclaim(loop.outside, 0)).toBe(0);
    expect(loop.wrongs()).toEqual(ALL_WELL);
    expect([0, 1, 2].map((vm) => lostWithWorker(loop.outside.vms.dropped, vm))).toEqual([0, 0, 0]);
  });

  it('the frames of its unfinished batch are sent by the next worker, once and in order', () => {
    const loop = new OneLoop();
    loop.nics[0].room = 2;
    loop.offerMarks(0, 1, 2, 3, 4, 5);
    loop.sweep();
    loop.offerMarks(0, 6, 7);
    // It had written entries behind the published tail of a queue when it died.
    dieIn(loop, () => {
      const { queues } = loop.forwarder;
      queues.entries[queues.base + (queues.tail[0] & queues.mask)] = 0x7fff;
      queues.tail[0]++;
    });
    reclaim(loop.outside, 0);
    const next = successor(loop);
    next.sweep(2);
    expect([...loop.nics[0].marks, ...next.nics[0].marks]).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(next.wrongs()).toEqual(ALL_WELL);
  });

  it('the slots it held for frames to come are free again', () => {
    const loop = new OneLoop();
    loop.sweep();
    const held = reclaim(loop.outside, 0);
    expect(held).toBe(2 * 64); // a burst for each of two NICs
    const next = successor(loop);
    expect(next.wrongs()).toEqual(ALL_WELL);
  });

  it('frames it had put into a receive ring without publishing are lost, and counted so', () => {
    const loop = new OneLoop();
    for (const mark of [1, 2]) loop.nics[0].arriving.push(frame({ from: BEYOND, to: macOf(1), mark }));
    loop.offerMarks(0, 9);
    dieIn(loop, () => undefined); // arrivals are taken in before a VM has its turn, and shown at the end of the sweep
    reclaim(loop.outside, 0);
    const { vms } = loop.outside;
    expect([vms.rxOfferedFrames[1], vms.rxFrames[1], lostWithWorker(vms.rxDropped, 1)]).toEqual([2, 0, 2]);
    const next = successor(loop);
    expect(next.received(1)).toEqual([]);
    next.sweep();
    expect(next.wrongs()).toEqual(ALL_WELL);
  });

  it("frames that a queue's head had passed but no counter had seen are lost, and counted so", () => {
    const loop = new OneLoop();
    loop.nics[0].room = 0;
    loop.offerMarks(0, 1, 2, 3);
    loop.sweep();
    const { nicRings, nics } = loop.arena;
    nicRings.consume(0, 1); // the head has moved, neither txFrames nor pendingFrames has
    reclaim(loop.outside, 0);
    expect(nics.dropped[DropReason.WorkerLost]).toBe(1);
    const next = successor(loop);
    next.sweep();
    expect(next.nics[0].marks).toEqual([2, 3]);
    expect(next.wrongs()).toEqual(ALL_WELL);
  });

  it("frames that a VM's ring had given up but no NIC has got are lost, and counted so", () => {
    const loop = new OneLoop();
    loop.setAvailable();
    loop.offerMarks(0, 1, 2, 3);
    loop.sweep();
    loop.arena.txRings.consume(0, 2);
    reclaim(loop.outside, 0);
    expect(lostWithWorker(loop.outside.vms.dropped, 0)).toBe(2);
    const next = successor(loop);
    next.setAvailable(0);
    next.sweep();
    expect(next.nics[0].marks).toEqual([3]);
    expect(next.wrongs()).toEqual(ALL_WELL);
  });

  it("leaves another worker's VMs, queues and hand-overs alone", () => {
    const first = new OneLoop({ shape: { workers: 2, vms: 4 }, worker: 0 });
    const second = new OneLoop({ handle: first.handle, worker: 1 });
    first.offer(0, { to: macOf(1), mark: 1 }); // from worker 0 to worker 1
    first.sweep();
    second.nics[0].room = 0;
    second.offerMarks(3, 2, 3);
    first.forwarder.rest();
    reclaim(first.outside, 0);
    second.sweep();
    expect(second.received(1)).toHaveLength(1);
    second.nics[0].room = 5;
    second.sweep();
    expect(second.nics[0].marks).toEqual([2, 3]);
    expect(second.wrongs()).toEqual(ALL_WELL);
  });

  it('counts no frame twice that a policy had dropped when the worker died in the next hook', () => {
    let dying = true;
    const policies = {
      admission: admitting((batch) => batch.drop(0, DropReason.Policed)),
      distribution: selecting((batch) => {
        if (dying) throw new Death();
        batch.nic.fill(0, 0, batch.count);
      }),
    };
    const loop = new OneLoop(policies);
    loop.policies.distributionFailed = () => {
      throw new Death(); // as when the hook never returns: nothing behind it runs
    };
    loop.offerMarks(0, 1, 2, 3);
    expect(() => loop.sweep()).toThrow(Death);
    reclaim(loop.outside, 0);
    dying = false;
    const next = new OneLoop({ handle: loop.handle, distribution: policies.distribution });
    next.sweep();
    expect(next.nics[0].marks).toEqual([1, 2, 3]);
    expect(lostWithWorker(next.outside.vms.dropped, 0)).toBe(0);
    expect(next.wrongs()).toEqual(ALL_WELL);
  });

  it('balances a broadcast that was given to the VMs of this host and not yet to a NIC', () => {
    const policies = {
      admission: admitting(() => {
        throw new Death();
      }),
    };
    const loop = new OneLoop(policies);
    loop.policies.admissionFailed = () => {
      throw new Death();
    };
    loop.offer(0, { to: BROADCAST, mark: 4 });
    expect(() => loop.sweep()).toThrow(Death);
    reclaim(loop.outside, 0);
    const next = new OneLoop({ handle: loop.handle });
    next.sweep();
    expect(next.nics[0].marks).toEqual([4]);
    expect(next.wrongs()).toEqual(ALL_WELL);
    expect(new Arena(loop.handle, 1).vms.acceptedFrames[0]).toBe(1);
  });
});
