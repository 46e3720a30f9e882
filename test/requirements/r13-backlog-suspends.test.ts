import shapingFilter from '@fairlead/admission-shaping-filter';
import { type HostBuilder, use } from '@fairlead/core';
import suspend from '@fairlead/responder-suspend';
import { describe, expect, it } from 'vitest';
import { frames, numberOf, sourceOf, upTo } from './support/frames.ts';
import { BYTE_PER_US, guest, MAC, runWithResponders, simulatedHost, started, takeSent } from './support/hosts.ts';

const LIMIT_FRAMES = 50;
const LOW_FRAMES = 10;

describe('requirement 13: when a frame is refused it is decided, too, whether its VM is suspended', () => {
  const shaped = (): HostBuilder => {
    const bandwidth = { limitBps: BYTE_PER_US, burstBytes: 2000 };
    return simulatedHost([1e9], { a: { bandwidth }, b: { bandwidth } }).admit(use(shapingFilter));
  };
  const answered = (builder: HostBuilder): HostBuilder =>
    builder.onSignal('backlog', [use(suspend)], {
      backlog: { frames: LIMIT_FRAMES, lowFrames: LOW_FRAMES },
      forMs: '20ms',
    });

  it('a backlog over the limit suspends it, the drained backlog resumes it, and all it sent is sent in order', async () => {
    const host = await started(answered(shaped()));
    const changes: string[] = [];
    host.on('vm', ({ vm, state }) => {
      changes.push(`${vm} ${state} with ${host.arena.txRings.length(0)} of its frames waiting`);
    });
    guest(host, 'a').sendAll(frames(100, MAC.a));
    guest(host, 'b').sendAll(frames(LIMIT_FRAMES - 1, MAC.b));
    await runWithResponders(host, 200);

    // Two frames leave at once, then one each millisecond. Looked for every 10 ms, the backlog has lasted for 20 ms when it
    // is seen for the third time, and is found at its low mark in the last look before it is empty.
    expect(changes).toEqual(['a suspended with 69 of its frames waiting', 'a running with 9 of its frames waiting']);
    expect(host.signals.history()).toMatchObject([
      { vm: 'a', action: 'suspend', state: 'over', signal: { kind: 'backlog', evidence: { limitFrames: 50 } } },
    ]);
    const [sent = []] = takeSent(host);
    expect(sent.filter((one) => sourceOf(one) === MAC.a).map(numberOf)).toEqual(upTo(100));
    expect(sent.filter((one) => sourceOf(one) === MAC.b).map(numberOf)).toEqual(upTo(LIMIT_FRAMES - 1));
    host.assertConserved();
  });

  it('the policy of the host decides it: without a chain that answers, the same backlog suspends nobody', async () => {
    const host = await started(shaped());
    const changes: string[] = [];
    host.on('vm', ({ vm, state }) => changes.push(`${vm} ${state}`));
    guest(host, 'a').sendAll(frames(100, MAC.a));
    await runWithResponders(host, 200);
    expect(changes).toEqual([]);
    expect(takeSent(host)[0]).toHaveLength(100);
    host.assertConserved();
  });

  it('frames that wait for a slow NIC were not refused, and suspend nobody', async () => {
    const slow = simulatedHost([BYTE_PER_US], { a: {} }).memory({ nicRingFrames: 64 });
    const host = await started(answered(slow));
    guest(host, 'a').sendAll(frames(150, MAC.a));
    host.run(20_000);
    expect(host.arena.txRings.length(0)).toBeGreaterThan(LIMIT_FRAMES);
    await runWithResponders(host, 200);
    expect(host.signals.history()).toEqual([]);
    expect(takeSent(host)[0]?.map(numberOf)).toEqual(upTo(150));
    host.assertConserved();
  });
});
