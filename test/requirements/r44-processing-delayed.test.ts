import { use } from '@fairlead/core';
import delayInterrupt from '@fairlead/responder-delay-interrupt';
import rateLimit from '@fairlead/responder-rate-limit';
import { describe, expect, it } from 'vitest';
import { done, FLOOD, NOTICED_MS, Traffic, USUAL, watched } from './support/attack.ts';
import { simulatedHost, started } from './support/hosts.ts';

describe('requirement 44: on inbound data that looks like an attack the VM processes it later, so that defences can act', () => {
  it('the next defence stands before the VM has seen what came after the sign, and the VM sees it in order', async () => {
    const host = await started(
      watched(simulatedHost([1e9], { a: {}, b: {} }).memory({ rxRingFrames: 4096, poolFrames: 16_384 })).onSignal(
        'attack',
        [use(delayInterrupt, { delayUs: '100ms' }), use(rateLimit, { inboundBps: '1Mbps' })],
        { escalateMs: '50ms' },
      ),
    );
    const traffic = new Traffic(host);
    await traffic.pass(300);
    await traffic.pass(NOTICED_MS, { inbound: FLOOD });
    expect(done(host)).toEqual(['delay-interrupt a']);
    const [delayed] = host.signals.actions();

    await traffic.pass(60, { inbound: FLOOD });
    expect(done(host)).toEqual(['delay-interrupt a', 'rate-limit a']);
    const last = traffic.got.a.at(-1)?.atUs ?? 0;
    expect(last).toBeLessThanOrEqual((delayed?.atUs ?? 0) + 1000);
    expect(traffic.got.b.length).toBe((300 + NOTICED_MS + 60) * USUAL);

    await traffic.pass(400);
    expect(host.signals.actions()).toEqual([]);
    const numbers = traffic.got.a.map(({ number }) => number);
    expect(numbers).toEqual([...numbers].sort((one, other) => one - other));
    expect(host.vms.status('a').state).toBe('running');
    host.assertConserved();
  });
});
