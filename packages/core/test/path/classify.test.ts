import { DROP_REASONS, DropReason, type DropReasonName } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { BEYOND, BROADCAST, frame, MULTICAST, macOf, markOf } from '../given/frames.ts';
import { ALL_WELL, OneLoop } from '../given/one-loop.ts';

/** What was dropped of a VM on the way out, by reason. */
function droppedOf(loop: OneLoop, vm: number): Partial<Record<DropReasonName, number>> {
  const { dropped } = loop.outside.vms;
  const counts = DROP_REASONS.map((name, i) => [name, dropped[vm * DROP_REASONS.length + i]] as const);
  return Object.fromEntries(counts.filter(([, count]) => count !== 0));
}

/** Puts a word into a VM's transmit ring that its port would never write. */
function forge(loop: OneLoop, vm: number, descriptor: number): void {
  loop.outside.txRings.stage(vm, descriptor);
  loop.outside.txRings.publish(vm);
  loop.outside.vms.acceptedFrames[vm]++;
  loop.outside.txDoorbells[0].ring(vm);
}

describe('a frame that a VM hands over', () => {
  it("goes to a NIC when it has the VM's own source and is for somebody beyond the host", () => {
    const loop = new OneLoop();
    loop.offer(1, { to: BEYOND, mark: 7 });
    loop.sweep();
    expect(loop.nics[0].marks).toEqual([7]);
    expect(droppedOf(loop, 1)).toEqual({});
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('is dropped under port security when its source is another VM, a stranger, or its own with one bit changed', () => {
    const loop = new OneLoop();
    for (const from of [macOf(2), '0a:00:00:00:00:01', '02:00:00:00:01:01', '03:00:00:00:00:01', '02:00:00:00:00:00']) {
      loop.offer(1, { from });
    }
    loop.offer(1, { from: macOf(1), mark: 3 });
    loop.sweep(2);
    expect(droppedOf(loop, 1)).toEqual({ spoofed: 5 });
    expect(loop.nics[0].marks).toEqual([3]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('keeps its source, whatever it is, without port security', () => {
    const loop = new OneLoop({ portSecurity: false });
    loop.offer(1, { from: '0a:00:00:00:00:01', mark: 1 }, { from: macOf(1), mark: 2 });
    loop.sweep(2);
    expect(loop.nics[0].marks).toEqual([1, 2]);
    expect(droppedOf(loop, 1)).toEqual({});
  });

  it.each([14, 15, 60, 1514, 2046])('is taken with %d bytes', (bytes) => {
    const loop = new OneLoop();
    const given = frame({ from: macOf(0), bytes });
    loop.offer(0, given);
    loop.sweep();
    expect(loop.nics[0].sent).toEqual([given]);
  });

  it.each([0, 1, 13])('is refused at the virtual NIC with %d bytes', (bytes) => {
    const loop = new OneLoop();
    loop.offer(0, { bytes });
    loop.sweep();
    const { vms } = loop.outside;
    expect([vms.acceptedFrames[0], vms.refused[DropReason.Runt], loop.nics[0].sent.length]).toEqual([1, 1, 0]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('is refused at the virtual NIC when it is longer than a slot', () => {
    const loop = new OneLoop();
    loop.offer(0, { bytes: 2047 });
    expect(loop.outside.vms.refused[DropReason.Oversize]).toBe(1);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('goes to the VM of this host that it is for, and to no NIC', () => {
    const loop = new OneLoop();
    loop.offer(0, { to: macOf(2), mark: 5 });
    loop.sweep();
    expect(loop.received(2).map(markOf)).toEqual([5]);
    expect(loop.received(1)).toEqual([]);
    const { vms } = loop.outside;
    expect([vms.transmittedFrames[0], vms.localFrames[0], vms.transmittedBytes[0]]).toEqual([1, 1, 64]);
    expect(loop.nics.flatMap((nic) => nic.sent)).toEqual([]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it.each([BROADCAST, MULTICAST])('goes to every other VM and once to a NIC when it is for %s', (to) => {
    const loop = new OneLoop();
    loop.offer(0, { to, mark: 6 });
    loop.sweep();
    expect([0, 1, 2].map((vm) => loop.received(vm).map(markOf))).toEqual([[], [6], [6]]);
    expect(loop.nics.map((nic) => nic.marks)).toEqual([[6], []]);
    expect(loop.outside.vms.transmittedFrames[0]).toBe(1);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('is given to the VMs of this host once, however often its NIC has no room', () => {
    const loop = new OneLoop();
    loop.setAvailable();
    loop.offer(0, { to: BROADCAST, mark: 6 });
    loop.sweep(5);
    loop.setAvailable(1);
    loop.sweep(2);
    expect(loop.received(1).map(markOf)).toEqual([6]);
    expect(loop.nics[1].marks).toEqual([6]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('keeps its place among others, whatever they are', () => {
    const loop = new OneLoop({ batchFrames: 3 });
    const kinds = [{ to: BEYOND }, { to: BROADCAST }, { from: macOf(1) }, { to: MULTICAST }];
    loop.offer(0, ...Array.from({ length: 16 }, (_, mark) => ({ ...kinds[(mark * 7) % 4], mark })));
    loop.sweep(12);
    const wanted = Array.from({ length: 16 }, (_, mark) => mark).filter((mark) => (mark * 7) % 4 !== 2);
    expect(loop.nics[0].marks).toEqual(wanted);
    expect(droppedOf(loop, 0)).toEqual({ spoofed: 4 });
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });
});

describe('a word in a ring that no port would write', () => {
  it('is dropped as malformed when it names a slot that the pool has not', () => {
    const loop = new OneLoop();
    forge(loop, 0, (1024 << loop.arena.pool.lengthBits) | 64);
    forge(loop, 0, -1);
    loop.offer(0, { mark: 1 });
    loop.sweep(2);
    expect(droppedOf(loop, 0)).toEqual({ malformed: 2 });
    expect(loop.nics[0].marks).toEqual([1]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it.each([0, 13])('is dropped as a runt when its length is %d', (bytes) => {
    const loop = new OneLoop();
    const { pool } = loop.outside;
    forge(loop, 0, pool.descriptor(pool.allocate(), bytes));
    loop.offer(0, { mark: 1 });
    loop.sweep(2);
    expect(droppedOf(loop, 0)).toEqual({ runt: 1 });
    expect(loop.nics[0].marks).toEqual([1]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });
});
