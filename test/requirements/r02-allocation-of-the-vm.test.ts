import shapingFilter from '@fairlead/admission-shaping-filter';
import { use } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { frames } from './support/frames.ts';
import { BYTE_PER_US, guest, MAC, settle, simulatedHost, started } from './support/hosts.ts';

describe('requirement 2: the state of a VM says which bandwidth it is allocated', () => {
  const BURST_BYTES = 3000;

  async function shaped(limitBps: number) {
    return started(
      simulatedHost([1e9], { a: { bandwidth: { limitBps, burstBytes: BURST_BYTES } }, b: {} }).admit(
        use(shapingFilter),
      ),
    );
  }

  it.each([
    { limitBps: BYTE_PER_US / 2, frames: 3 + 5 },
    { limitBps: BYTE_PER_US, frames: 3 + 10 },
    { limitBps: BYTE_PER_US * 2, frames: 3 + 20 },
  ])(
    '$limitBps bit/s admit the burst and then $frames frames in all within 10 ms',
    async ({ limitBps, frames: expected }) => {
      const host = await shaped(limitBps);
      expect(host.resources.allocation('a')).toMatchObject({ limitBps, burstBytes: BURST_BYTES });
      guest(host, 'a').sendAll(frames(50, MAC.a));
      guest(host, 'b').sendAll(frames(50, MAC.b));
      settle(host);
      // 100 us more: a VM that waits is looked at every 64 us.
      host.run(10_100);
      expect(host.vms.status('a')).toMatchObject({ transmittedFrames: expected, backlogFrames: 50 - expected });
      expect(host.vms.status('b')).toMatchObject({ transmittedFrames: 50, backlogFrames: 0 });
      host.assertConserved();
    },
  );

  it('a change of the allocation alone changes what is admitted from then on', async () => {
    const host = await shaped(BYTE_PER_US);
    guest(host, 'a').sendAll(frames(200, MAC.a));
    settle(host);
    const admittedIn = (forUs: number): number => {
      const before = host.vms.status('a').transmittedFrames;
      host.run(forUs);
      return host.vms.status('a').transmittedFrames - before;
    };
    admittedIn(500); // half a frame earned, so that no count below is on the edge
    expect(admittedIn(10_000)).toBe(10);
    host.resources.setAllocation('a', { limitBps: 5 * BYTE_PER_US });
    admittedIn(1000); // it was asked to come back at the old rate
    expect(admittedIn(10_000)).toBe(50);
    host.resources.setAllocation('a', { limitBps: 3 * BYTE_PER_US });
    expect(admittedIn(10_000)).toBe(30);
    expect(host.vms.status('a').state).toBe('running');
    host.assertConserved();
  });
});
