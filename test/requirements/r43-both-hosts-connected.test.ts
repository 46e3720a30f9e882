import { describe, expect, it } from 'vitest';
import { twoHosts } from './support/cluster.ts';
import { frames, sourceOf } from './support/frames.ts';
import { guest, MAC } from './support/hosts.ts';

const PEER = '52:54:00:00:00:99';

describe('requirement 43: both hosts are connected to the network directly', () => {
  it('a VM is reached on either, by a NIC of that host alone, from the moment that it runs there', async () => {
    const { hosts, first, second, network, run } = await twoHosts({ a: {} }, (builder) => builder);
    guest(first, 'a').sendAll(frames(5, MAC.a));
    await run(5);
    expect(network.portOf(MAC.a)).toBe('first');
    await first.migrate('a');
    await run(5);
    // It has said nothing yet: the host that has it has told the network.
    expect(network.portOf(MAC.a)).toBe('second');
    const [frame] = frames(1, PEER) as [Uint8Array];
    frame.set(
      MAC.a.split(':').map((byte) => Number.parseInt(byte, 16)),
      0,
    );
    network.inject(frame, second.nowUs);
    await run(5);
    expect(sourceOf(guest(second, 'a').receive() as Uint8Array)).toBe(PEER);
    expect(first.nics.status('nic0').rxFrames).toBe(1); // the announcement, which goes to all
    guest(second, 'a').sendAll(frames(5, MAC.a));
    await run(5);
    const ports = network.heard.filter((heard) => sourceOf(heard.frame) === MAC.a).map(({ port }) => port);
    expect(ports).toEqual([...Array(5).fill('first'), ...Array(6).fill('second')]);
    for (const host of hosts) host.assertConserved();
  });
});
