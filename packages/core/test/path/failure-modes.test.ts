import { DROP_REASON_COUNT, DropReason, type TransmitBatch } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import type { FailureMode } from '../../src/config.ts';
import { everyCall, HandProbe } from '../given/cost-probe.ts';
import { ALL_WELL, admitting, type LoopAbout, OneLoop, selecting } from '../given/one-loop.ts';

const upTo = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i);
const broken = (): never => {
  throw new Error('broken');
};
/** The policy fails at its second batch of four; the fallback drops the first frame of each, or chooses NIC 1. */
const failing = {
  admission: (): LoopAbout => ({
    admission: admitting(afterOne(broken)),
    fallbackAdmission: admitting((batch) => batch.drop(0, DropReason.Policed)),
  }),
  distribution: (): LoopAbout => ({
    distribution: selecting(afterOne(broken)),
    fallbackDistribution: selecting((batch) => void batch.nic.fill(1, 0, batch.count)),
  }),
};

function afterOne(then: (batch: TransmitBatch) => unknown) {
  let calls = 0;
  return (batch: TransmitBatch): unknown => {
    if (++calls > 1) return then(batch);
    batch.nic.fill(0, 0, batch.count);
    return undefined;
  };
}

function given(place: keyof typeof failing, fail: FailureMode): OneLoop {
  const loop = new OneLoop({ ...failing[place](), fail, batchFrames: 4 });
  loop.offerMarks(0, ...upTo(12));
  loop.sweep(6);
  return loop;
}

const dropped = (loop: OneLoop, vm: number, reason: DropReason): number =>
  loop.outside.vms.dropped[vm * DROP_REASON_COUNT + reason];

describe('a policy that fails', () => {
  it.each([
    ['admission', 'fallback', [0, 1, 2, 3, 5, 6, 7, 9, 10, 11], [], 'second-admission'],
    ['admission', 'open', upTo(12), [], 'admit-all'],
    ['admission', 'closed', upTo(4), [], 'drop-all'],
    ['admission', 'stop', upTo(4), [], 'nobody'],
    ['distribution', 'fallback', upTo(4), upTo(8, 4), 'second'],
    ['distribution', 'open', upTo(12), [], 'first-available'],
    ['distribution', 'closed', upTo(4), [], 'drop-all'],
    ['distribution', 'stop', upTo(4), [], 'nobody'],
  ] as const)('as %s with the failure mode %s', (place, fail, first, second, serves) => {
    const loop = given(place, fail);
    expect(loop.nics.map((nic) => nic.marks)).toEqual([first, second]);
    expect(loop.faults.map((fault) => [fault.fail, fault.fallback])).toEqual([[fail, serves]]);
    expect(loop.faults[0].error).toMatchObject({ code: 'FAIRLEAD_ERR_PLUGIN_THREW' });
    expect(loop.faults[0].input).toEqual({
      frames: 4,
      bytes: 256,
      smallestBytes: 64,
      largestBytes: 64,
      backlogFrames: 8,
    });
    expect(dropped(loop, 0, DropReason.FailedClosed)).toBe(fail === 'closed' ? 8 : 0);
    expect(loop.outside.txRings.length(0)).toBe(fail === 'stop' ? 8 : 0);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('and is closed, drops what had been admitted before and waited for room', () => {
    const loop = new OneLoop({
      shape: { nicRingFrames: 64, txRingFrames: 256, poolFrames: 2048 },
      distribution: selecting(afterOne(broken)),
      fail: 'closed',
      batchFrames: 100,
    });
    for (const nic of loop.nics) nic.room = 0;
    loop.offerMarks(0, ...upTo(100));
    loop.sweep(4, 60_000); // longer than frames are held back for their order
    // 64 found room on the NIC; the rest was admitted, and the policy failed when it was asked about it again.
    expect(loop.faults).toHaveLength(1);
    expect([loop.outside.vms.transmittedFrames[0], dropped(loop, 0, DropReason.FailedClosed)]).toEqual([64, 36]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('and is closed, drops what waits on the queue of a NIC that goes down', () => {
    const loop = new OneLoop({ distribution: selecting(afterOne(broken)), fail: 'closed', batchFrames: 4 });
    loop.nics[0].room = 0;
    loop.offerMarks(0, ...upTo(4));
    loop.sweep();
    loop.setAvailable(1);
    loop.sweep(3);
    expect(loop.faults).toHaveLength(1);
    expect([loop.outside.vms.transmittedFrames[0], dropped(loop, 0, DropReason.FailedClosed)]).toEqual([0, 4]);
    expect(loop.arena.nics.pendingFrames[0]).toBe(0);
    loop.offerMarks(0, 7);
    loop.sweep(2);
    expect(dropped(loop, 0, DropReason.FailedClosed)).toBe(5);
    expect(loop.nics.map((nic) => nic.marks)).toEqual([[], []]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('and is closed, lets frames between two VMs of the host and what arrives pass all the same', () => {
    const loop = new OneLoop({ admission: admitting(broken), fail: 'closed' });
    loop.offer(0, { mark: 1 }, { mark: 2, to: '02:00:00:00:00:01' });
    loop.sweep(2);
    expect(loop.received(1)).toHaveLength(1);
    expect(dropped(loop, 0, DropReason.FailedClosed)).toBe(1);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('in its sweep is dealt with like one that fails at a batch', () => {
    const loop = new OneLoop({ admission: admitting(() => undefined, broken), fail: 'closed' });
    loop.offerMarks(0, 1);
    loop.sweep(2);
    expect(loop.faults.map(({ hook, fallback }) => [hook, fallback])).toEqual([['sweep', 'drop-all']]);
    expect(dropped(loop, 0, DropReason.FailedClosed)).toBe(1);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });
});

describe('a kernel that writes where it may not', () => {
  const probe = new HandProbe();
  it.each([
    ['a verdict behind the batch', { admission: admitting((batch) => void (batch.verdict[batch.count] = 2)) }],
    ['a reason behind the batch', { admission: admitting((batch) => void (batch.reason[batch.count] = 1)) }],
    ['the length of a frame', { admission: admitting((batch) => void (batch.bytes[0] = 9)) }],
    ['another VM', { admission: admitting((batch) => void (batch.vm = 1)) }],
    ['another count', { admission: admitting((batch) => void (batch.count = 1)) }],
    ['a wait until no time', { admission: admitting((batch) => batch.queueFrom(1, Number.NaN)) }],
    ['a wait from half a frame', { admission: admitting((batch) => void (batch.queuedFrom = 0.5)) }],
    ['a NIC for every place', { distribution: selecting((batch) => void batch.nic.fill(0)) }],
    ['a NIC that does not exist', { distribution: selecting((batch) => void batch.nic.fill(9, 0, batch.count)) }],
  ])('as %s, is put aside under a code of its own', (_, about) => {
    const loop = new OneLoop({ ...about, sampling: everyCall(probe) });
    loop.offerMarks(0, ...upTo(5));
    loop.sweep(2);
    expect(loop.faults.map(({ error }) => error.code)).toEqual(['FAIRLEAD_ERR_PLUGIN_RANGE']);
    expect(loop.faults[0].error.mend).toMatch(/^write only whole numbers/);
    expect(loop.nics[0].marks).toEqual(upTo(5));
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('is let be in between the samples: nothing of it reaches the next batch', () => {
    const loop = new OneLoop({ distribution: selecting((batch) => void batch.nic.fill(0)) });
    loop.offerMarks(0, ...upTo(5));
    loop.sweep(2);
    expect(loop.faults).toEqual([]);
    expect(loop.nics[0].marks).toEqual(upTo(5));
  });
});

describe('a driver', () => {
  it.each([
    ['sending', 'answers more than it was given', (): unknown => 99, 'RANGE'],
    ['sending', 'answers a negative number', (): unknown => -1, 'RANGE'],
    ['sending', 'answers no number', (): unknown => Number.NaN, 'RANGE'],
    ['sending', 'returns a promise', (): unknown => Promise.resolve(1), 'ASYNC'],
    ['sending', 'returns nothing', (): unknown => undefined, 'ANSWER'],
    ['receiving', 'answers more than there is room for', (): unknown => 65, 'RANGE'],
    ['receiving', 'returns a promise', (): unknown => Promise.resolve(0), 'ASYNC'],
  ] as const)('that in %s %s has failed', (hook, _, answer, code) => {
    const loop = new OneLoop();
    const nic = loop.nics[0];
    nic[hook] = answer as () => number;
    loop.offerMarks(0, 1);
    loop.sweep();
    expect(loop.driverCauses[0]).toMatchObject({ code: `FAIRLEAD_ERR_PLUGIN_${code}` });
  });
});
