import { DROP_REASON_COUNT, DropReason, parseMac } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { Arena } from '../../src/memory/arena.ts';
import { ArenaPort } from '../../src/path/vnic-port.ts';
import { filledArena, NONE_STRAYED, strayedSlots } from '../given/arena.ts';
import { frame, macOf, markOf } from '../given/frames.ts';

function given(vms: readonly number[], shape = {}) {
  const handle = filledArena({ txRingFrames: 8, rxRingFrames: 8, ...shape });
  const arena = new Arena(handle, 1);
  const port = new ArenaPort(
    arena,
    'port',
    vms,
    vms.length > 1,
    vms.map((vm) => parseMac(macOf(vm))),
  );
  const push = (from: string, bytes = 64, mark = 0): boolean => {
    const given = frame({ from, bytes, mark });
    return port.push(given, 0, given.length);
  };
  const refused = (vm: number, reason: DropReason): number => arena.vms.refused[vm * DROP_REASON_COUNT + reason];
  /** The worker's side. */
  const worker = new Arena(handle, 0);
  const arrive = (vm: number, ...marks: number[]): void => {
    for (const mark of marks) {
      const slot = worker.pool.allocate();
      worker.pool.memory.set(frame({ from: '06:00:00:00:00:01', to: macOf(vm), mark }), worker.pool.offset(slot));
      worker.rxRings.stage(vm, worker.pool.descriptor(slot, 64));
    }
    worker.rxRings.publish(vm);
  };
  const pulled = (capacity = 64): number[] => {
    const burst = port.createBurst(capacity);
    const count = port.pull(burst);
    return Array.from({ length: count }, (_, i) =>
      markOf(burst.memory.slice(burst.offset[i], burst.offset[i] + burst.bytes[i])),
    );
  };
  return { handle, arena, worker, port, push, refused, arrive, pulled };
}

describe('the port of one VM', () => {
  it('shows frames to the host when they are flushed, once, and wakes the worker', () => {
    const { arena, port, push } = given([1]);
    arena.threads.aboutToSleep(0);
    push(macOf(1));
    push(macOf(1));
    expect([arena.txRings.length(1), arena.txDoorbells[0].rung(), arena.threads.isSleeping(0)]).toEqual([
      0,
      false,
      true,
    ]);
    port.flush();
    expect([arena.txRings.length(1), arena.txDoorbells[0].rung(), arena.threads.isSleeping(0)]).toEqual([
      2,
      true,
      false,
    ]);
  });

  it('says that there is no room, and counts nothing, when its ring or the pool is full', () => {
    const { arena, port, push } = given([1]);
    for (let i = 0; i < 8; i++) expect(push(macOf(1))).toBe(true);
    expect([push(macOf(1)), port.room(), arena.vms.acceptedFrames[1]]).toEqual([false, 0, 8]);

    const other = given([1], { poolFrames: 256 });
    for (let slot = other.arena.pool.allocate(); slot >= 0; slot = other.arena.pool.allocate());
    expect([other.push(macOf(1)), other.arena.vms.acceptedFrames[1]]).toEqual([false, 0]);
  });

  it('takes any source MAC: whether it is the VM’s own is for the worker to check', () => {
    const { arena, push } = given([1]);
    expect(push('0a:00:00:00:00:07')).toBe(true);
    expect(arena.vms.acceptedFrames[1]).toBe(1);
  });

  it('counts what its device could not read at all', () => {
    const { arena, port, refused } = given([2]);
    port.refuse(DropReason.Malformed);
    expect([arena.vms.acceptedFrames[2], refused(2, DropReason.Malformed)]).toEqual([1, 1]);
  });

  it.each([14, 63, 64, 65, 1514])('copies a frame of %d bytes from the middle of what it is given', (bytes) => {
    const { arena, port } = given([1]);
    const one = Uint8Array.from({ length: bytes }, (_, i) => i);
    const source = new Uint8Array(2000).fill(255);
    source.set(one, 100);
    port.push(source, 100, 100 + bytes);
    port.flush();
    const descriptor = arena.txRings.entry(1, 0);
    const at = arena.pool.offset(descriptor >>> arena.pool.lengthBits);
    expect(arena.pool.memory.slice(at, at + bytes)).toEqual(one);
    expect(descriptor & arena.pool.lengthMask).toBe(bytes);
  });
});

describe('received frames', () => {
  it('are shown again until they are released, and their slots are free then', () => {
    const { handle, arena, arrive, pulled, port } = given([1]);
    arrive(1, 1, 2, 3);
    expect(pulled()).toEqual([1, 2, 3]);
    expect(pulled()).toEqual([1, 2, 3]);
    port.release(2);
    port.release(2); // released already
    expect(pulled()).toEqual([3]);
    port.release(99);
    expect([pulled(), arena.vms.rxTakenFrames[1]]).toEqual([[], 3]);
    expect(strayedSlots(handle)).toEqual(NONE_STRAYED);
  });

  it('are shown as many at a time as the burst holds', () => {
    const { arrive, pulled, port } = given([1]);
    arrive(1, 1, 2, 3, 4, 5);
    expect(pulled(2)).toEqual([1, 2]);
    port.release(2);
    expect(pulled(2)).toEqual([3, 4]);
  });

  it('of all VMs behind a port are shown together', () => {
    const { handle, arrive, pulled, port, arena } = given([0, 2]);
    arrive(0, 1, 2);
    arrive(2, 11, 12);
    arrive(1, 99); // behind another port
    expect(pulled()).toEqual([1, 2, 11, 12]);
    port.release(3);
    expect(pulled()).toEqual([12]);
    port.release(1);
    expect([arena.vms.rxTakenFrames[0], arena.vms.rxTakenFrames[1], arena.vms.rxTakenFrames[2]]).toEqual([2, 0, 2]);
    expect(strayedSlots(handle).twice).toEqual([]);
  });
});

describe('a port with several VMs behind it', () => {
  it('tells them apart by source MAC', () => {
    const { arena, port, push } = given([0, 2]);
    push(macOf(2), 64, 1);
    push(macOf(0), 64, 2);
    push(macOf(2), 64, 3);
    port.flush();
    expect([0, 1, 2].map((vm) => arena.txRings.length(vm))).toEqual([1, 0, 2]);
    expect(port.vm).toBe(-1);
  });

  it('drops a frame of nobody behind it as spoofed', () => {
    const { arena, push, refused } = given([0, 2]);
    expect([push(macOf(1)), push('0a:00:00:00:00:00')]).toEqual([true, true]);
    expect([refused(0, DropReason.Spoofed), arena.vms.acceptedFrames[1]]).toEqual([2, 0]);
  });

  it('drops the frames of a VM whose ring is full, so that it does not hold up the others', () => {
    const { arena, port, push, refused } = given([0, 2]);
    for (let i = 0; i < 10; i++) expect(push(macOf(0))).toBe(true);
    expect([refused(0, DropReason.RingFull), port.room()]).toEqual([2, 0]);
    expect(push(macOf(2))).toBe(true);
    expect(arena.vms.acceptedFrames[2]).toBe(1);
  });

  it('counts runts and over-long frames', () => {
    const { push, refused } = given([0, 2]);
    push(macOf(2), 13);
    push(macOf(2), 2047);
    expect([refused(0, DropReason.Runt), refused(2, DropReason.Oversize)]).toEqual([1, 1]);
  });
});
