import shapingFilter from '@fairlead/admission-shaping-filter';
import { type HostBuilder, use } from '@fairlead/core';
import migrate from '@fairlead/responder-migrate';
import { describe, expect, it } from 'vitest';
import { twoHosts } from './support/cluster.ts';
import { frames, numberOf, sourceOf, upTo } from './support/frames.ts';
import { BYTE_PER_US, guest, MAC } from './support/hosts.ts';

const backlog = { frames: 50, lowFrames: 10 };

describe('requirement 14: when a frame is refused it is decided, too, whether its VM is migrated to another host', () => {
  const vms = { a: { bandwidth: { limitBps: BYTE_PER_US, burstBytes: 2000 } } };
  const shaped = (builder: HostBuilder): HostBuilder => builder.admit(use(shapingFilter));

  it('a backlog of refused frames migrates it; each is sent once, in order, on one host or the other', async () => {
    const answered = (builder: HostBuilder): HostBuilder =>
      shaped(builder).onSignal('backlog', [use(migrate)], { backlog, forMs: '20ms' });
    const { hosts, first, second, network, run } = await twoHosts(vms, answered);
    guest(first, 'a').sendAll(frames(100, MAC.a));
    await run(200);

    expect([first.vms.status('a').state, second.vms.status('a').state]).toEqual(['migrated', 'running']);
    const [record] = first.migrations();
    expect(record).toMatchObject({ vm: 'a', from: 'first', to: 'second', state: 'done', by: 'responder' });
    const sent = network.heard.filter(({ frame }) => sourceOf(frame) === MAC.a && frame.length > 100);
    expect(sent.map(({ frame }) => numberOf(frame))).toEqual(upTo(100));
    // What had not gone when it left went from the other host, and is accounted for on both.
    const fromSecond = sent.filter(({ port }) => port === 'second');
    expect(fromSecond).toHaveLength(record?.outboundFrames ?? -1);
    expect(fromSecond.length).toBeGreaterThan(40);
    for (const host of hosts) host.assertConserved();
  });

  it('the policy of the host decides it: without a chain that answers, the same backlog migrates nobody', async () => {
    const { hosts, first, network, run } = await twoHosts(vms, shaped);
    guest(first, 'a').sendAll(frames(100, MAC.a));
    await run(200);
    expect(first.migrations()).toEqual([]);
    expect(network.heard.map(({ port }) => port)).toEqual(Array(100).fill('first'));
    for (const host of hosts) host.assertConserved();
  });
});
