import { DROP_REASONS, DropReason } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { BEYOND, BROADCAST, frame, MULTICAST, macOf, markOf } from '../given/frames.ts';
import { ALL_WELL, OneLoop } from '../given/one-loop.ts';

/** Frames that a NIC dropped on the way in, by reason. */
function rxDroppedOf(loop: OneLoop, nic: number): Record<string, number> {
  const { rxDropped } = loop.arena.nics;
  const counts = DROP_REASONS.map((name, i) => [name, rxDropped[nic * DROP_REASONS.length + i]] as const);
  return Object.fromEntries(counts.filter(([, count]) => count !== 0));
}

describe('a frame that arrives on a NIC', () => {
  it('goes to the VM that it is for, byte for byte', () => {
    const loop = new OneLoop();
    const given = [60, 1514, 2046, 14].map((bytes, mark) => frame({ from: BEYOND, to: macOf(1), bytes, mark }));
    loop.nics[1].arriving.push(...given);
    loop.sweep();
    expect(loop.received(1)).toEqual(given);
    expect([loop.received(0), loop.received(2)]).toEqual([[], []]);
    const { nics, vms } = loop.arena;
    expect([nics.rxFrames[1], nics.rxBytes[1], nics.rxForwardedFrames[1]]).toEqual([4, 60 + 1514 + 2046 + 14, 4]);
    expect([vms.rxFrames[1], vms.rxBytes[1], vms.rxTakenFrames[1]]).toEqual([4, 3634, 4]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it.each([BROADCAST, MULTICAST])('goes to every VM when it is for %s', (to) => {
    const loop = new OneLoop();
    const given = frame({ from: BEYOND, to, bytes: 100, mark: 4 });
    loop.nics[0].arriving.push(given);
    loop.sweep();
    expect([0, 1, 2].map((vm) => loop.received(vm))).toEqual([[given], [given], [given]]);
    expect(loop.arena.nics.rxForwardedFrames[0]).toBe(1);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it.each([
    ['no-destination', frame({ from: BEYOND, to: '02:00:00:00:00:77' })],
    ['reflected', frame({ from: macOf(0), to: macOf(1) })],
    ['reflected', frame({ from: macOf(2), to: BROADCAST })],
    ['runt', frame({ from: BEYOND, to: macOf(1), bytes: 0 })],
    ['runt', frame({ from: BEYOND, to: macOf(1), bytes: 13 })],
    ['oversize', frame({ from: BEYOND, to: macOf(1), bytes: 2047 })],
    ['oversize', frame({ from: BEYOND, to: macOf(1), bytes: 60_000 })],
  ])('is dropped as %s', (reason, given) => {
    const loop = new OneLoop();
    loop.nics[0].arriving.push(given, frame({ from: BEYOND, to: macOf(1), mark: 8 }));
    loop.sweep();
    expect(rxDroppedOf(loop, 0)).toEqual({ [reason]: 1 });
    expect([0, 1, 2].map((vm) => loop.received(vm).map(markOf))).toEqual([[], [8], []]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('is lost to its VM alone when that VM does not take its frames', () => {
    const loop = new OneLoop();
    for (let mark = 0; mark < 20; mark++) loop.nics[0].arriving.push(frame({ from: BEYOND, to: macOf(1), mark }));
    loop.nics[0].arriving.push(frame({ from: BEYOND, to: macOf(2), mark: 99 }));
    loop.sweep();
    expect(loop.outside.vms.rxDropped[1 * DROP_REASONS.length + DropReason.RingFull]).toBe(4);
    expect(loop.received(1).map(markOf)).toEqual(Array.from({ length: 16 }, (_, i) => i));
    expect(loop.received(2).map(markOf)).toEqual([99]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('finds its way also when more arrive than one burst holds', () => {
    const loop = new OneLoop({ shape: { rxRingFrames: 256 } });
    for (let mark = 0; mark < 150; mark++) {
      loop.nics[0].arriving.push(frame({ from: BEYOND, to: mark % 3 === 0 ? BROADCAST : macOf(mark % 2), mark }));
    }
    loop.sweep(3);
    expect(loop.received(0).map(markOf)).toEqual(
      Array.from({ length: 150 }, (_, mark) => mark).filter((mark) => mark % 3 === 0 || mark % 2 === 0),
    );
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });
});

describe('while the frame pool is empty', () => {
  it('frames wait in the NIC, and arrive when slots are free again', () => {
    const loop = new OneLoop({ shape: { poolFrames: 256 } });
    const { pool } = loop.arena;
    const taken: number[] = [];
    for (let slot = pool.allocate(); slot >= 0; slot = pool.allocate()) taken.push(slot);
    loop.nics[0].arriving.push(frame({ from: BEYOND, to: macOf(0), mark: 5 }));
    loop.sweep(2);
    expect([loop.nics[0].arriving.length, loop.arena.nics.rxFrames[0]]).toEqual([1, 0]);
    for (const slot of taken) pool.free(slot);
    loop.sweep();
    expect(loop.received(0).map(markOf)).toEqual([5]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('a broadcast is lost to the VMs for which there is no copy, and counted for each', () => {
    const loop = new OneLoop({ shape: { poolFrames: 256, nics: 1 } });
    loop.sweep(); // the NIC has its slots
    const { pool, vms } = loop.arena;
    const taken: number[] = [];
    for (let slot = pool.allocate(); slot >= 0; slot = pool.allocate()) taken.push(slot);
    pool.free(taken.pop() as number);
    loop.nics[0].arriving.push(frame({ from: BEYOND, to: BROADCAST, mark: 5 }));
    loop.sweep();
    expect(loop.received(0).map(markOf)).toEqual([5]);
    const lost = [0, 1, 2].map((vm) => vms.rxDropped[vm * DROP_REASONS.length + DropReason.PoolEmpty]);
    expect(lost).toEqual([0, 1, 1]);
    for (const slot of taken) pool.free(slot);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });
});

describe('a driver', () => {
  it('that throws while receiving is named, and the others receive on', () => {
    const loop = new OneLoop();
    loop.nics[0].receiving = () => {
      throw new Error('no interrupt');
    };
    loop.nics[1].arriving.push(frame({ from: BEYOND, to: macOf(0), mark: 3 }));
    loop.sweep();
    expect(loop.driverFaults).toEqual([{ nic: 0, hook: 'receive' }]);
    expect(loop.received(0).map(markOf)).toEqual([3]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('that is replaced after it threw is not called again', () => {
    const loop = new OneLoop();
    const [broken] = loop.nics;
    let calls = 0;
    broken.receiving = () => {
      calls++;
      loop.nics[0] = loop.nics[1];
      throw new Error('no interrupt');
    };
    loop.sweep(5);
    expect([calls, loop.driverFaults.length]).toEqual([1, 1]);
  });

  it.each([Number.NaN, -5, 0])('that says it received %d frames received none', (answer) => {
    const loop = new OneLoop();
    loop.nics[0].receiving = () => answer;
    loop.sweep(2);
    expect(loop.arena.nics.rxFrames[0]).toBe(0);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('that says it received more than fits a burst received a burst', () => {
    const loop = new OneLoop();
    loop.nics[0].receiving = (burst) => {
      burst.bytes.fill(5);
      loop.nics[0].receiving = undefined;
      return 1000;
    };
    loop.sweep(2);
    expect(rxDroppedOf(loop, 0)).toEqual({ runt: 64 });
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });
});
