import { DROP_REASON_COUNT, DropReason } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { HANDOFF_ENTRIES } from '../../src/memory/layout.ts';
import { filledArena, strayedSlots } from '../given/arena.ts';
import { BROADCAST, frame, macOf, markOf } from '../given/frames.ts';
import { ALL_WELL, OneLoop } from '../given/one-loop.ts';

/** Two workers' loops over one memory, stepped by hand: VMs 0 and 2 are the first's, 1 and 3 the second's. */
function twoLoops(shape = {}): [OneLoop, OneLoop] {
  const handle = filledArena({ vms: 4, workers: 2, poolFrames: 2048, ...shape });
  return [new OneLoop({ handle, worker: 0 }), new OneLoop({ handle, worker: 1 })];
}

function wrongsOf([first, second]: [OneLoop, OneLoop]): object {
  first.forwarder.rest();
  return second.wrongs();
}

describe('from VM to VM', () => {
  it('frames of one worker arrive in order within the same sweep', () => {
    const loop = new OneLoop();
    loop.offer(0, ...[1, 2, 3].map((mark) => ({ to: macOf(1), mark })), { to: macOf(2), mark: 4 });
    loop.sweep();
    expect([loop.received(1).map(markOf), loop.received(2).map(markOf)]).toEqual([[1, 2, 3], [4]]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('the device thread is woken once something was delivered, and not before', () => {
    const loop = new OneLoop();
    const { threads } = loop.outside;
    threads.aboutToSleep(threads.deviceThread);
    loop.offerMarks(0, 1);
    loop.sweep();
    expect([threads.isSleeping(threads.deviceThread), loop.outside.rxDoorbell.rung()]).toEqual([true, false]);
    loop.offer(0, { to: macOf(1) });
    loop.sweep();
    expect([threads.isSleeping(threads.deviceThread), loop.outside.rxDoorbell.rung()]).toEqual([false, true]);
  });

  it('frames that find the ring of the receiver full are its loss, not the sender’s', () => {
    const loop = new OneLoop({ batchFrames: 64, shape: { txRingFrames: 32 } });
    loop.offer(0, ...Array.from({ length: 20 }, (_, mark) => ({ to: macOf(1), mark })));
    loop.sweep(3);
    const { vms } = loop.outside;
    expect([vms.transmittedFrames[0], vms.rxOfferedFrames[1], vms.rxFrames[1]]).toEqual([20, 20, 16]);
    expect(vms.rxDropped[1 * DROP_REASON_COUNT + DropReason.RingFull]).toBe(4);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });
});

describe('from one worker to another', () => {
  it('a frame for a VM of the other is handed over, and arrives at the other’s next sweep', () => {
    const loops = twoLoops();
    const [first, second] = loops;
    first.offer(0, { to: macOf(1), mark: 1 }, { to: macOf(2), mark: 2 }, { to: macOf(3), mark: 3 });
    first.sweep();
    expect([1, 2, 3].map((vm) => first.received(vm).map(markOf))).toEqual([[], [2], []]);
    second.sweep();
    expect([1, 3].map((vm) => first.received(vm).map(markOf))).toEqual([[1], [3]]);
    expect(first.outside.vms.localFrames[0]).toBe(3);
    expect(wrongsOf(loops)).toEqual(ALL_WELL);
  });

  it('a broadcast reaches the VMs of both, and a NIC once', () => {
    const loops = twoLoops();
    const [first, second] = loops;
    second.offer(1, { to: BROADCAST, mark: 5 });
    second.offerMarks(1, 6);
    // VM 1 is the second worker's: its frames are on that worker's queues.
    second.sweep(2);
    first.sweep();
    expect([0, 1, 2, 3].map((vm) => first.received(vm).map(markOf))).toEqual([[5], [], [5], [5]]);
    expect([...first.nics, ...second.nics].map((nic) => nic.marks)).toEqual([[], [], [5, 6], []]);
    expect(wrongsOf(loops)).toEqual(ALL_WELL);
  });

  it('the other is woken for what is handed over', () => {
    const [first] = twoLoops();
    first.outside.threads.aboutToSleep(1);
    first.offer(0, { to: macOf(2) });
    first.sweep();
    expect(first.outside.threads.isSleeping(1)).toBe(true);
    first.offer(0, { to: macOf(1) });
    first.sweep();
    expect(first.outside.threads.isSleeping(1)).toBe(false);
  });

  it('frames that arrive on a NIC of one are for the VMs of both', () => {
    const loops = twoLoops();
    const [first, second] = loops;
    for (const vm of [0, 1, 2, 3])
      first.nics[0].arriving.push(frame({ from: '06:00:00:00:00:01', to: macOf(vm), mark: vm }));
    second.nics[0].arriving.push(frame({ from: '06:00:00:00:00:01', to: macOf(0), mark: 99 }));
    first.sweep();
    second.sweep();
    expect([0, 1, 2, 3].map((vm) => first.received(vm).map(markOf))).toEqual([[0], [1], [2], [3]]);
    expect(second.nics[0].arriving).toHaveLength(1); // NIC 0 is received from by the first worker alone
    expect(wrongsOf(loops)).toEqual(ALL_WELL);
  });

  it('what does not fit the hand-over ring is dropped and counted', () => {
    const loops = twoLoops({ poolFrames: 4096, rxRingFrames: 2048 });
    const [first, second] = loops;
    const pairs = HANDOFF_ENTRIES / 2;
    for (let i = 0; i < pairs + 10; i += 10) {
      first.offer(0, ...Array.from({ length: 10 }, (_, k) => ({ to: macOf(1), mark: i + k })));
      first.sweep(2);
    }
    expect(first.arena.vms.rxHandoffDropped[1]).toBe(Math.ceil((pairs + 10) / 10) * 10 - pairs);
    second.sweep();
    expect(second.outside.vms.rxFrames[1]).toBe(pairs);
    expect(first.received(1).map(markOf)).toEqual(Array.from({ length: pairs }, (_, i) => i));
    expect(wrongsOf(loops)).toEqual(ALL_WELL);
  });

  it('a pair that names no VM, or no frame, is left out and harms nobody', () => {
    const loops = twoLoops();
    const [first, second] = loops;
    const ring = 1; // from worker 0 to worker 1
    const { handoffRings, pool } = first.arena;
    const slot = pool.allocate();
    for (const word of [pool.descriptor(slot, 64), 4, pool.descriptor(slot, 64), -1, -1, 1])
      handoffRings.stage(ring, word);
    handoffRings.publish(ring);
    second.sweep();
    expect([1, 3].flatMap((vm) => first.received(vm))).toEqual([]);
    pool.free(slot);
    expect(wrongsOf(loops)).toEqual(ALL_WELL);
  });

  it('a slot on its way is in one place only', () => {
    const [first, second] = twoLoops();
    first.offer(0, { to: macOf(1) });
    first.sweep();
    first.forwarder.rest();
    second.forwarder.rest();
    expect(strayedSlots(first.handle)).toEqual({ twice: [], lost: [] });
  });
});
