import { afterEach, describe, expect, it } from 'vitest';
import type { Host } from '../../src/host.ts';
import { BROADCAST, frame, macOf } from '../given/frames.ts';
import { guestOf, nicOf } from '../given/inline-host.ts';
import { type Ask, hold, powerHost } from '../given/powers.ts';

let host: Host | undefined;
afterEach(async () => {
  await host?.close();
  host = undefined;
});

async function given(ask: Ask): Promise<Host> {
  host = await powerHost([ask]);
  return host;
}

describe('a VM whose rate is limited', () => {
  it('receives no more than that, and a burst; the rest is counted as policed', async () => {
    const running = await given((c) => c.limitRate(0, { inboundBps: 8e6 }));
    await hold(running);
    const bytes = 1000;
    let offered = 0;
    for (let ms = 0; ms < 200; ms++) {
      for (let i = 0; i < 4; i++)
        if (nicOf(running, 'nic0').deliver(frame({ from: macOf(9), to: macOf(0), bytes }))) offered++;
      running.run(1000);
    }
    // A frame a millisecond, and what may go at once: 10 ms of them and one of the longest.
    const { rxFrames, rxDropped } = running.arena.vms;
    expect([offered, rxFrames[0], rxDropped[0], guestOf(running, 'vm0').counters.receivedFrames]).toEqual([
      800, 211, 589, 211,
    ]);
    running.assertConserved();
  });

  it('sends no more than that over NICs, to VMs of its host and to all of them together', async () => {
    const running = await given((c) => c.limitRate(0, { outboundBps: 8e6 }));
    await hold(running);
    const destinations = ['06:00:00:00:00:99', macOf(1), BROADCAST, macOf(1)];
    for (let ms = 0; ms < 200; ms++) {
      for (const to of destinations) guestOf(running, 'vm0').send(frame({ from: macOf(0), to, bytes: 1000 }));
      guestOf(running, 'vm1').send(frame({ from: macOf(1), bytes: 1000 }));
      running.run(1000);
    }
    const { transmittedFrames, dropped } = running.arena.vms;
    expect([transmittedFrames[0], dropped[0], transmittedFrames[1]]).toEqual([211, 589, 200]);
    running.assertConserved();
  });

  it('is not limited any more afterwards', async () => {
    const running = await given((c) => c.limitRate(0, { inboundBps: 1000, outboundBps: 1000 }));
    await hold(running);
    await hold(running, false);
    for (let i = 0; i < 100; i++) {
      guestOf(running, 'vm0').send(frame({ from: macOf(0), bytes: 1000 }));
      running.run(1000);
    }
    expect(running.arena.vms.transmittedFrames[0]).toBe(100);
  });
});
