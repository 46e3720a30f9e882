import { DropReason, Verdict } from '@fairlead/sdk';
import { conformanceLaws, type TestVm, testBatch, testVms } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import { LONGEST_WAIT_NS } from '../src/bucket-admission.ts';
import plugin, { ShapingFilter, type ShapingOptions } from '../src/index.ts';
import { times, written } from './given.ts';

function filter(options: Partial<ShapingOptions>, rows: TestVm[] = [{}]) {
  const vms = testVms(rows);
  const policy = new ShapingFilter(vms, written(options));
  const offer = (nowUs: number, bytes: readonly number[], { vm = 0, backlog = bytes.length } = {}) => {
    const batch = testBatch(bytes, { vm, nowUs });
    batch.begin(vm, bytes.length, nowUs, backlog);
    policy.admit(batch);
    return batch;
  };
  return { vms, policy, offer };
}

const verdicts = (batch: { verdict: Uint8Array; count: number }) => [...batch.verdict.subarray(0, batch.count)];

describe('frames a second', () => {
  it('let the burst go at once and then one frame after another, to the microsecond', () => {
    const { offer } = filter({ framesPerSecond: 1000, burstFrames: 3 });
    const first = offer(0, times(5, 60));
    expect([first.queuedFrom, first.retryAtUs, first.count]).toEqual([3, 1000, 5]);
    expect(offer(999, [60]).queuedFrom).toBe(0);
    expect(offer(1000, [60, 60]).queuedFrom).toBe(1);
    expect(offer(60_000_000, times(5, 1500)).queuedFrom).toBe(3);
  });

  it('are dropped beyond the limit when policing', () => {
    const batch = filter({ framesPerSecond: 1, burstFrames: 2, mode: 'police' }).offer(0, times(4, 60));
    expect(verdicts(batch)).toEqual([Verdict.Admit, Verdict.Admit, Verdict.Drop, Verdict.Drop]);
    expect(batch.reason[3]).toBe(DropReason.Policed);
  });

  it('are not charged for what the rate leaves waiting, nor the rate for what they leave waiting', () => {
    const both = { framesPerSecond: 10, burstFrames: 2, averageBps: 8e6, burstBytes: 1000 };
    const { offer } = filter(both);
    expect(offer(0, [1000, 1000]).queuedFrom).toBe(1); // the rate: one frame of two is left
    expect(offer(1000, [500, 500]).queuedFrom).toBe(1); // the frames: 500 bytes are left
    expect(offer(1000, [500]).queuedFrom).toBe(0);
    expect(offer(100_000, [1000]).queuedFrom).toBe(1);
  });

  it('do not count a frame that the rate drops', () => {
    const { offer } = filter({ framesPerSecond: 1, burstFrames: 1, averageBps: 8e6, burstBytes: 1000, mode: 'police' });
    expect(verdicts(offer(0, [1001, 1000, 10]))).toEqual([Verdict.Drop, Verdict.Admit, Verdict.Drop]);
  });

  it('are asked about again after a while at the latest', () => {
    expect(filter({ framesPerSecond: 1, burstFrames: 1 }).offer(0, [60, 60]).retryAtUs).toBe(LONGEST_WAIT_NS / 1000);
  });

  it('are handed on to a successor, so that a swap gives no second burst', () => {
    const before = filter({ framesPerSecond: 10, burstFrames: 4 });
    before.offer(0, times(4, 60));
    const after = filter({ framesPerSecond: 10, burstFrames: 4 });
    after.policy.importState(before.policy.exportState(), { name: 'shaping-filter', apiVersion: 1 } as never);
    expect(after.offer(0, [60]).queuedFrom).toBe(0);
  });
});

describe('a bound on what waits', () => {
  const slow = { averageBps: 8e6, burstBytes: 1000, queueFrames: 10 };
  it('drops the oldest beyond it and charges for none of them', () => {
    const { offer } = filter(slow);
    const batch = offer(0, times(8, 1000), { backlog: 16 });
    expect(verdicts(batch)).toEqual([0, 2, 2, 2, 2, 2, 0, 0]); // one goes, 15 would wait, five of these are dropped
    expect([batch.queuedFrom, batch.reason[1], batch.retryAtUs]).toEqual([6, DropReason.Policed, 1000]);
    expect(offer(1000, times(2, 1000), { backlog: 10 }).queuedFrom).toBe(1);
  });

  it('drops nothing while no more than that wait, nor of what may go at once', () => {
    expect(filter(slow).offer(0, times(8, 1000), { backlog: 11 }).drops).toBe(0);
    expect(filter({ queueFrames: 1 }).offer(0, times(200, 1500)).drops).toBe(0);
  });

  it('may drop a whole batch', () => {
    const { offer } = filter(slow);
    offer(0, [1000]);
    const batch = offer(0, times(4, 1000), { backlog: 100 });
    expect([batch.queuedFrom, batch.drops]).toEqual([4, 4]);
  });
});

describe('a trace', () => {
  const why = (policy: ShapingFilter, batch: ReturnType<typeof testBatch>): string[] =>
    Array.from({ length: batch.count }, (_, i) => policy.explain(batch, i).why);

  it.each(['queue', 'police'] as const)(
    'says that no frames are left of this second, and of others what the rate did: %s',
    (mode) => {
      const { offer, policy } = filter({ framesPerSecond: 5, burstFrames: 1, averageBps: 8e6, mode });
      const said = why(policy, offer(0, [100, 100]));
      expect(said[0]).toContain('the buckets held');
      expect(said[1]).toBe('no more of its 5 frames a second are left');
    },
  );

  it('says which frames were too many to wait', () => {
    const { offer, policy } = filter({ averageBps: 8e6, burstBytes: 1000, queueFrames: 1 });
    const said = why(policy, offer(0, times(3, 1000)));
    expect(said[0]).toContain('the buckets held');
    expect(said[1]).toBe('more than 1 frames would wait, and it is among the oldest');
    expect(said[2]).toContain('the average bucket does not hold');
  });
});

describe('VMs of a group', () => {
  const rate = { averageBps: 8e6, burstBytes: 3000 };
  it.each(['token-bucket', 'srtcm', 'trtcm', 'trtcm-4115'] as const)('share one bucket: %s', (meter) => {
    const colours = { cirBps: 8e6, cbsBytes: 3000, ebsBytes: 0, pbsBytes: 3000, pirBps: 8e6 };
    const vms = testVms([{}, {}, {}]);
    const names = vms.names as readonly [string, string, string];
    const shared = new ShapingFilter(
      vms,
      written({ meter, ...rate, ...colours, mode: 'police', groups: [[names[0], names[2]]] }),
    );
    const dropped = [0, 2, 1].map((vm) => {
      const batch = testBatch([2000], { vm });
      shared.admit(batch);
      return batch.drops;
    });
    expect(dropped).toEqual([0, 1, 0]);
  });

  it('have the limit of the first, and one count of frames', () => {
    const vms = testVms([
      { limitBps: 8e6, burstBytes: 1000 },
      { limitBps: 8e9, burstBytes: 1e6 },
    ]);
    const shared = new ShapingFilter(vms, written({ framesPerSecond: 1, burstFrames: 1, groups: [[...vms.names]] }));
    const asked = (vm: number, bytes: number): number => {
      const batch = testBatch([bytes], { vm });
      shared.admit(batch);
      return batch.queuedFrom - batch.drops;
    };
    expect([asked(1, 1001), asked(1, 1000), asked(0, 10)]).toEqual([0, 1, 0]);
  });

  it.each([
    ['a name that no VM has', [['nobody']], 0],
    ['a VM in two groups', [['vm0'], ['vm0']], 0],
    ['VMs on two workers', [['vm0', 'vm1']], 1],
  ])('are refused: %s', (_what, groups, worker) => {
    const vms = testVms([{}, {}]);
    vms.worker[1] = worker;
    const named = groups.map((group) => group.map((name) => ({ vm0: vms.names[0], vm1: vms.names[1] })[name] ?? name));
    expect(() => new ShapingFilter(vms, written({ groups: named }))).toThrow(
      expect.objectContaining({ code: 'FAIRLEAD_ERR_PLUGIN_OPTIONS' }),
    );
  });
});

describe('with these options, as every admission policy, it', () => {
  // Rates of the options' own would be limits of VMs that the laws know to have none.
  const options = [
    { framesPerSecond: 1_000_000, burstFrames: 8 },
    { framesPerSecond: 1_000_000, burstFrames: 300, mode: 'police' as const },
    { queueFrames: 4 },
  ];
  it.each(conformanceLaws(plugin, { options }))('$name', ({ check }) => expect(check).not.toThrow());
});
