import shapingFilter from '@fairlead/admission-shaping-filter';
import { use } from '@fairlead/core';
import roundRobin from '@fairlead/load-distribution-round-robin';
import { describe, expect, it } from 'vitest';
import { frames, numberOf, upTo } from './support/frames.ts';
import { BYTE_PER_US, guest, MAC, settle, simulatedHost, started, takeSent } from './support/hosts.ts';

const FRAMES = 20;
/** The host comes back to a VM that waits at ticks of this length. */
const TICK_US = 64;

describe('requirement 12: a frame that was refused is queued and sent later', () => {
  it('each frame goes, in order, as soon as the allocation has room for it and no sooner', async () => {
    const host = await started(
      simulatedHost([1e9], { a: { bandwidth: { limitBps: BYTE_PER_US, burstBytes: 2000 } } }).admit(use(shapingFilter)),
    );
    guest(host, 'a').sendAll(frames(FRAMES, MAC.a));
    settle(host);
    expect(host.vms.status('a')).toMatchObject({ transmittedFrames: 2, backlogFrames: FRAMES - 2 });

    const wentAtUs: number[] = [0, 0];
    while (wentAtUs.length < FRAMES && host.nowUs < 30_000) {
      host.run(1, 1);
      const { transmittedFrames, backlogFrames } = host.vms.status('a');
      expect(backlogFrames).toBe(FRAMES - transmittedFrames);
      while (wentAtUs.length < transmittedFrames) wentAtUs.push(host.nowUs);
    }
    // Two fit the burst; frame i, from the third on, is earned at (i - 1) times 1000 us.
    const earnedAtUs = upTo(FRAMES).map((i) => Math.max(0, i - 1) * 1000);
    expect(wentAtUs).toEqual(earnedAtUs.map((us) => Math.ceil(us / TICK_US) * TICK_US));
    host.run(1000);
    expect(takeSent(host)[0].map(numberOf)).toEqual(upTo(FRAMES));
    host.assertConserved();
  });

  it('what waits is lost neither by a failure of the NIC nor by the suspension of its VM', async () => {
    const host = await started(
      simulatedHost([1e9, 1e9], { a: { bandwidth: { limitBps: BYTE_PER_US, burstBytes: 2000 } } })
        .admit(use(shapingFilter))
        .distribute(use(roundRobin)),
    );
    guest(host, 'a').sendAll(frames(FRAMES, MAC.a));
    host.run(3500);
    host.nics.setAdmin('nic0', false);
    host.run(3500);
    await host.vms.suspend('a');
    host.run(3500);
    await host.vms.resume('a');
    host.nics.setAdmin('nic0', true);
    host.run(20_000);
    const sent = takeSent(host).map((seen) => seen.map(numberOf));
    expect(sent.flat().sort((a, b) => a - b)).toEqual(upTo(FRAMES));
    expect(sent[0].length).toBeGreaterThan(0);
    expect(sent[1].length).toBeGreaterThan(sent[0].length);
    for (const numbers of sent) expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    host.assertConserved();
  });

  it('a queue that is full is told to the guest; nothing is lost of what was taken', async () => {
    const host = await started(
      simulatedHost([1e9], { a: { bandwidth: { limitBps: BYTE_PER_US, burstBytes: 2000 } } })
        .memory({ txRingFrames: 16 })
        .admit(use(shapingFilter)),
    );
    const taken = guest(host, 'a').sendAll(frames(FRAMES, MAC.a));
    expect(taken).toBe(16);
    host.run(30_000);
    expect(takeSent(host)[0].map(numberOf)).toEqual(upTo(16));
    host.assertConserved();
  });
});
