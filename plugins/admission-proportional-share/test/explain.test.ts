import { testBatch, testNics, testVms } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import { ProportionalShare } from '../src/index.ts';
import { written } from './simulated-host.ts';

/** A policy over one NIC of 1 Gbit/s, and what it says of each frame of a batch of 3000-byte frames. */
function made(...rows: Parameters<typeof testVms>[0]) {
  const nics = testNics([1e9]);
  const policy = new ProportionalShare(nics, testVms(rows), written({ leastBytes: 6072, targetUs: 10 }));
  const whys = (vm: number, frames: number, nowUs = 0): string[] => {
    const batch = testBatch(Array(frames).fill(3000), { vm, nowUs });
    policy.admit(batch);
    return Array.from({ length: frames }, (_, i) => policy.explain(batch, i).why);
  };
  return { nics, policy, whys };
}

const share = 'the VM has had no more than its share';
const full = 'the NICs hold as much as they are to hold';
const behind = 'it is behind one that waits';

describe('proportional-share says', () => {
  it('that a VM had no more than its share, until the NICs hold enough', () => {
    expect(made({}).whys(0, 5)).toEqual([share, share, share, full, behind]);
  });

  it('what a limit leaves', () => {
    expect(made({ limitBps: 8e6, burstBytes: 5000 }).whys(0, 3)).toEqual([
      share,
      'the limit of the VM has no 3000 bytes left for it',
      behind,
    ]);
  });

  it('that a frame is within a reservation', () => {
    const { policy } = made({ reservationBps: 10e6 });
    const batch = testBatch([1500, 1500, 1500]);
    policy.admit(batch);
    const said = [0, 1, 2].map((i) => policy.explain(batch, i));
    expect(said.map(({ why }) => why)).toEqual([
      'it is within the reservation of the VM',
      'it is within the reservation of the VM',
      share,
    ]);
    expect(said[2]?.state).toEqual({
      reservationTokens: 36,
      reservedRoomBytes: 9144,
      sharesRoomBytes: 3072,
      anyRoomBytes: -3000,
      outranked: false,
    });
  });

  it('that others come first', () => {
    const { nics, policy, whys } = made({ priority: 1 }, { shares: 1 }, { shares: 100 });
    nics.pendingBytes[0] = 6072;
    expect(whys(0, 1)).toEqual([full]);
    nics.pendingBytes[0] = 0;
    expect(whys(1, 1)).toEqual(['VMs of higher priority have something waiting']);
    policy.sweep(0);
    policy.sweep(0);
    // Both want more than there is room for, and one of them has a hundredth of the shares of the other.
    for (let sweep = 0; sweep < 3; sweep++) {
      policy.sweep(0);
      whys(2, 4);
      whys(1, 4);
    }
    policy.sweep(0);
    expect([whys(2, 1), whys(1, 1)]).toEqual([[share], ['the VM has had more than its share of late']]);
  });

  it('and nothing comes of it: what is asked about goes on as if nobody had asked', () => {
    const [asked, silent] = [made({ limitBps: 1e9 }, {}), made({ limitBps: 1e9 }, {})];
    for (let k = 0; k < 50; k++) {
      const counts = [asked, silent].map(({ policy, nics }) => {
        policy.sweep(k * 10);
        nics.pendingBytes[0] = (k % 5) * 2000;
        const batch = testBatch(Array(6).fill(700), { vm: k % 2, nowUs: k * 10 });
        policy.admit(batch);
        if (policy === asked.policy) for (let i = 0; i < 6; i++) policy.explain(batch, i);
        return [batch.queuedFrom, batch.retryAtUs, policy.exportState()];
      });
      expect(counts[0]).toEqual(counts[1]);
    }
  });
});
