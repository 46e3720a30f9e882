import { use } from '@fairlead/core';
import suspend from '@fairlead/responder-suspend';
import { describe, expect, it } from 'vitest';
import { done, FLOOD, NOTICED_MS, Traffic, watched } from './support/attack.ts';
import { simulatedHost, started } from './support/hosts.ts';

const FOR_MS = 40;

describe('requirement 46: that is done by suspending the VM for a time', () => {
  it('the VM gets nothing for exactly that time, then all that waited in order; its neighbour runs on', async () => {
    const host = await started(
      watched(simulatedHost([1e9], { a: {}, b: {} }).memory({ rxRingFrames: 1024 })).onSignal(
        'attack',
        [use(suspend, { forMs: FOR_MS })],
        { whileSignalled: false, coolDownMs: '1h' },
      ),
    );
    const states: string[] = [];
    host.on('vm', ({ vm, state }) => states.push(`${vm} ${state} at ${host.nowUs}`));
    const traffic = new Traffic(host);
    await traffic.pass(300);
    await traffic.pass(NOTICED_MS, { inbound: FLOOD });
    const [action] = host.signals.actions();
    await traffic.pass(100);
    const atUs = action?.atUs ?? 0;
    expect(states).toEqual([`a suspended at ${atUs}`, `a running at ${atUs + FOR_MS * 1000}`]);
    expect(done(host)).toContain('suspend a');
    expect(traffic.got.a.filter((got) => got.atUs > atUs && got.atUs < atUs + FOR_MS * 1000)).toEqual([]);
    expect(traffic.got.a.map(({ number }) => number)).toEqual(traffic.sentUs.map((_, number) => number));
    expect(new Set(traffic.got.b.map((got) => got.atUs)).size).toBe(300 + NOTICED_MS + 100);
    host.assertConserved();
  });

  it('several VMs are suspended together when the chain names them', async () => {
    const host = await started(
      watched(simulatedHost([1e9], { a: {}, b: {}, c: {} })).onSignal('attack', [use(suspend)], { vms: ['a', 'c'] }),
    );
    const traffic = new Traffic(host);
    await traffic.pass(300);
    await traffic.pass(NOTICED_MS, { inbound: FLOOD });
    expect(host.vms.list().map(({ state }) => state)).toEqual(['suspended', 'running', 'suspended']);
    await traffic.pass(200);
    expect(host.vms.list().map(({ state }) => state)).toEqual(['running', 'running', 'running']);
  });
});
