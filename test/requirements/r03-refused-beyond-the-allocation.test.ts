import shapingFilter from '@fairlead/admission-shaping-filter';
import type { Host } from '@fairlead/core';
import { use } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { frame } from './support/frames.ts';
import { BYTE_PER_US, guest, MAC, settle, simulatedHost, started } from './support/hosts.ts';

const BURST_BYTES = 1000;

describe('requirement 3: a frame that would exceed the allocation of its VM is refused', () => {
  function limited(mode: 'queue' | 'police'): Promise<Host> {
    return started(
      simulatedHost([1e9], { a: { bandwidth: { limitBps: BYTE_PER_US, burstBytes: BURST_BYTES } } }).admit(
        use(shapingFilter, { mode }),
      ),
    );
  }

  /** Offers one frame and says what came of it. */
  function offer(host: Host, bytes: number): string {
    const before = host.vms.status('a');
    guest(host, 'a').send(frame(MAC.a, { bytes }));
    settle(host);
    const after = host.vms.status('a');
    if (after.transmittedFrames > before.transmittedFrames) return 'sent';
    return after.backlogFrames > before.backlogFrames ? 'queued' : 'dropped';
  }

  it.each([
    { mode: 'queue', refusal: 'queued' },
    { mode: 'police', refusal: 'dropped' },
  ] as const)('the last byte of the burst is sent and the first byte beyond it $refusal', async ({ mode, refusal }) => {
    const within = await limited(mode);
    expect([offer(within, 940), offer(within, 60)]).toEqual(['sent', 'sent']);
    within.assertConserved();

    const beyond = await limited(mode);
    expect([offer(beyond, 940), offer(beyond, 61)]).toEqual(['sent', refusal]);
    beyond.assertConserved();
  });

  it.each([60, 100, 333, 999])('what is earned in %i us is sent to the byte, and not one byte more', async (us) => {
    const within = await limited('police');
    expect(offer(within, BURST_BYTES)).toBe('sent');
    within.run(us, us);
    expect(offer(within, us)).toBe('sent');
    within.assertConserved();

    const beyond = await limited('police');
    expect(offer(beyond, BURST_BYTES)).toBe('sent');
    beyond.run(us, us);
    expect(offer(beyond, us + 1)).toBe('dropped');
    beyond.assertConserved();
  });
});
