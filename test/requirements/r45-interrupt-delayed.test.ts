import { use } from '@fairlead/core';
import delayInterrupt from '@fairlead/responder-delay-interrupt';
import { describe, expect, it } from 'vitest';
import { done, FLOOD, NOTICED_MS, Traffic, watched } from './support/attack.ts';
import { simulatedHost, started } from './support/hosts.ts';

const DELAY_US = 20_000;

describe('requirement 45: that is done by delaying the interrupt that tells the VM of received data', () => {
  it('each frame is told of exactly so much later, in order, none is lost, and another VM is told at once', async () => {
    const host = await started(
      watched(simulatedHost([1e9], { a: {}, b: {} }).memory({ rxRingFrames: 1024 })).onSignal('attack', [
        use(delayInterrupt, { delayUs: DELAY_US }),
      ]),
    );
    const traffic = new Traffic(host);
    await traffic.pass(300);
    await traffic.pass(NOTICED_MS, { inbound: FLOOD });
    expect(done(host)).toEqual(['delay-interrupt a']);
    const before = traffic.got.a.length;
    await traffic.pass(100, { inbound: FLOOD });
    expect(new Set(lateness(traffic).slice(before))).toEqual(new Set([DELAY_US]));

    // When it is over, what waits goes at once; then nothing waits any more.
    await traffic.pass(100);
    expect(host.signals.actions()).toEqual([]);
    expect(traffic.got.a.map(({ number }) => number)).toEqual(traffic.sentUs.map((_, number) => number));
    expect(lateness(traffic).at(-1)).toBe(1000); // within the millisecond in which it came, as the test looks
    expect(new Set(traffic.got.b.map(({ atUs }) => atUs % 1000)).size).toBe(1);
    host.assertConserved();
  });
});

/** How long after it came each frame was told of. */
const lateness = ({ got, sentUs }: Traffic): number[] =>
  got.a.map(({ number, atUs }) => atUs - (sentUs[number] as number));
